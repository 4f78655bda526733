import type { LimitBytes } from '@veche/shared/errors'
import type { UserId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Ctx, Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'

type Database = Pick<Deps, 'db'> | Pick<Tx, 'db'>

/** What a person has uploaded, and what they may: the composer refuses by it, and the settings show it. */
export type FileUse = { usedBytes: number; maxBytes: number; fileMaxBytes: number }

export async function readMyUse(ctx: Ctx): Promise<FileUse> {
  const { PERSON_MAX_BYTES, FILE_MAX_BYTES } = ctx.env
  return {
    usedBytes: await usedBy(ctx, ctx.actor.userId),
    maxBytes: PERSON_MAX_BYTES,
    fileMaxBytes: FILE_MAX_BYTES,
  }
}

/** What a person has uploaded or begun to upload, whether it was sent or not. */
export async function usedBy({ db }: Database, person: UserId): Promise<number> {
  const query = db.selectFrom('content_sums').select('bytes').where('owner_id', '=', person)
  return Number((await query.executeTakeFirst())?.bytes ?? 0)
}

type TotalUse = { files: number; bytes: number }

/** Of all people together. */
export async function readTotalUse({ db }: Database): Promise<TotalUse> {
  const { rows } = await sql<TotalUse>`
    select coalesce(sum(contents), 0)::float8 as files, coalesce(sum(bytes), 0)::float8 as bytes from content_sums`.execute(
    db,
  )
  return rows[0]!
}

/** Null when files are not kept on a disk of ours. */
export type DiskSpace = { free: number; total: number } | null

export function readDiskSpace({ fileStorage }: Pick<Deps, 'fileStorage'>): Promise<DiskSpace> {
  return fileStorage.space()
}

/** How many bytes all files together may take: by the disk or by a setting, whichever is less. Null: as many as there is room for. */
export function maxBytesOfAll({ env }: Pick<Deps, 'env'>, space: DiskSpace): number | null {
  const ofDisk = space ? Math.floor((space.total * env.FILES_DISK_SHARE_PERCENT) / 100) : Infinity
  const max = Math.min(ofDisk, env.FILES_MAX_BYTES ?? Infinity)
  return max === Infinity ? null : max
}

/** So many bytes of the disk stay free, so that text goes on when files have filled the rest. */
export function reservedBytes({ env }: Pick<Deps, 'env'>, { total }: NonNullable<DiskSpace>): number {
  return Math.ceil((total * env.FILES_DISK_RESERVE_PERCENT) / 100)
}

export function isNearLimit({ used, max }: LimitBytes, warnFrom: number): boolean {
  return used >= max * warnFrom
}
