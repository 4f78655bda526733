import { join } from 'node:path'
import { type Env, s3Settings } from '../../env.ts'
import type { Logger } from '../../platform/logger.ts'
import { DiskStorage } from './DiskStorage.ts'
import type { FileStorage } from './FileStorage.ts'
import { S3Storage } from './S3Storage.ts'

/** In a bucket when there are settings for it, and else on the disk. */
export function openFileStorage(env: Env, log: Logger): FileStorage {
  const settings = s3Settings(env)
  if (!settings) return new DiskStorage(join(env.VECHE_DATA, 'files'))
  return new S3Storage({ settings, log, folder: join(env.VECHE_DATA, 's3'), maxCopyBytes: env.FILE_MAX_BYTES })
}
