import type { GivenUpKey } from '@veche/shared/schemas/admin'
import type { Ctx } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import { iso } from '../platform/clock.ts'
import type { DueTable } from '../platform/work/due-tables.ts'
import type { ServerLocale } from '../platform/server-locale.ts'
import { discardGivenUpRow, type GivenUpRow, readGivenUpRows, retryGivenUpRow } from '../platform/work/given-up.ts'
import { inviterOf } from './inviter.ts'

export type GivenUpWork = {
  /** The name of its due table. */
  kind: string
  id: string
  /** What it is, as a word that the screen translates: for a mail, its template. */
  word: string
  /** Whom it is about. */
  name: string
  attempts: number
  error: string
  createdAt: string
}

const maxShown = 200

/** Work of every kind that was given up, the newest first: what, about whom and why, without its content. */
export async function listGivenUpWork(ctx: Ctx): Promise<{ work: GivenUpWork[] }> {
  const { locale } = await inviterOf(ctx)
  const ofTable = async (table: DueTable) =>
    (await readGivenUpRows(ctx, table, maxShown)).map((row) => toGivenUpWork(table, row, locale))
  const work = (await Promise.all(ctx.dueTables.map(ofTable))).flat()
  return { work: work.sort((a, b) => b.createdAt.localeCompare(a.createdAt)).slice(0, maxShown) }
}

/** The work is due again, with all its tries. */
export async function retryGivenUpWork(ctx: Ctx, { kind, id }: GivenUpKey): Promise<Record<string, never>> {
  must(await retryGivenUpRow(ctx, requireDueTable(ctx, kind), id), 'work.not_found')
  return {}
}

export async function discardGivenUpWork(ctx: Ctx, { kind, id }: GivenUpKey): Promise<Record<string, never>> {
  must(await discardGivenUpRow(ctx, requireDueTable(ctx, kind), id), 'work.not_found')
  return {}
}

function toGivenUpWork({ name, about, describeFailure }: DueTable, row: GivenUpRow, locale: ServerLocale): GivenUpWork {
  return {
    kind: name,
    id: row.id,
    ...about(row as never),
    attempts: row.attempts,
    error: describeFailure(row.error, locale),
    createdAt: iso(row.created_at),
  }
}

function requireDueTable({ dueTables }: Ctx, kind: string): DueTable {
  return dueTables.find(({ name }) => name === kind) ?? fail('work.not_found')
}
