import { resolve } from 'node:path'
import type { ContentId } from '@veche/shared/ids'
import type { Deps } from '../../deps.ts'

/** The programs that make previews read files of this machine only. */
export function withLocalCopy<T>(
  { fileStorage }: Pick<Deps, 'fileStorage'>,
  id: ContentId,
  run: (path: string) => Promise<T>,
): Promise<T> {
  return fileStorage.withLocalCopy(id, (path) => run(resolve(path)))
}
