import type { LimitBytes } from '@veche/shared/errors'
import { limits } from '@veche/shared/limits'
import type { PersonRow } from '@veche/shared/rows/rows'
import { sql } from 'kysely'
import type { Ctx } from '../ctx.ts'
import { isNearLimit, maxBytesOfAll, readDiskSpace, readTotalUse, reservedBytes } from '../files/use.ts'
import { columnsOf } from '../platform/columns.ts'
import { personColumns, toPerson } from '../users/rows.ts'

type PersonUse = { person: PersonRow; files: number; bytes: LimitBytes; isNear: boolean }

/** The limits of files as they are set, and what is used of them. */
export type FilesOverview = {
  /** `max` is null when the files may take as much as there is room for. */
  all: { files: number; used: number; max: number | null; isNear: boolean }
  /** Null when files are not kept on a disk of ours. */
  disk: { total: number; free: number; reserved: number; isNear: boolean } | null
  /** As they are set, by the names of the settings. */
  settings: {
    FILE_MAX_BYTES: number
    PERSON_MAX_BYTES: number
    FILES_MAX_BYTES: number | null
    FILES_DISK_SHARE_PERCENT: number
    FILES_DISK_RESERVE_PERCENT: number
  }
  /** Who has uploaded most, and how many people have uploaded anything. */
  largest: PersonUse[]
  people: number
  previews: { due: number; givenUp: number }
}

const largestShown = 20

export async function readFilesOverview(ctx: Ctx): Promise<FilesOverview> {
  const [space, total, largest, counts] = await Promise.all([
    readDiskSpace(ctx),
    readTotalUse(ctx),
    readLargest(ctx),
    readCounts(ctx),
  ])
  const max = maxBytesOfAll(ctx, space)
  const isNear = max !== null && isNearLimit({ used: total.bytes, max }, limits.file.warnFrom)
  const { due, givenUp, people } = counts
  return {
    all: { files: total.files, used: total.bytes, max, isNear },
    disk: space && diskOf(ctx, space),
    settings: settingsOf(ctx),
    largest,
    people,
    previews: { due, givenUp },
  }
}

function diskOf(ctx: Ctx, { total, free }: { total: number; free: number }): FilesOverview['disk'] {
  const reserved = reservedBytes(ctx, { total, free })
  const isNear = isNearLimit({ used: total - free, max: total - reserved }, limits.file.warnFrom)
  return { total, free, reserved, isNear }
}

function settingsOf({ env }: Ctx): FilesOverview['settings'] {
  const { FILE_MAX_BYTES, PERSON_MAX_BYTES, FILES_DISK_SHARE_PERCENT, FILES_DISK_RESERVE_PERCENT } = env
  const FILES_MAX_BYTES = env.FILES_MAX_BYTES ?? null
  return { FILE_MAX_BYTES, PERSON_MAX_BYTES, FILES_MAX_BYTES, FILES_DISK_SHARE_PERCENT, FILES_DISK_RESERVE_PERCENT }
}

async function readLargest({ db, env }: Ctx): Promise<PersonUse[]> {
  const rows = await db
    .selectFrom('content_sums')
    .innerJoin('users', 'users.id', 'content_sums.owner_id')
    .select(columnsOf('users', personColumns))
    .select(['content_sums.contents', 'content_sums.bytes'])
    .where('content_sums.contents', '>', 0)
    .orderBy('content_sums.bytes', 'desc')
    .orderBy('content_sums.owner_id')
    .limit(largestShown)
    .execute()
  return rows.map(({ contents, bytes: used, ...person }) => {
    const bytes = { used, max: env.PERSON_MAX_BYTES }
    return { person: toPerson(person), files: contents, bytes, isNear: isNearLimit(bytes, limits.file.warnFrom) }
  })
}

async function readCounts({ db }: Ctx): Promise<{ due: number; givenUp: number; people: number }> {
  const { rows } = await sql<{ due: number; givenUp: number; people: number }>`select
    (select count(*)::int from previews where state = 'due') as due,
    (select count(*)::int from previews where state = 'given_up') as "givenUp",
    (select count(*)::int from content_sums where contents > 0) as people`.execute(db)
  return rows[0]!
}
