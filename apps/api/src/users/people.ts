import type { PersonRow } from '@veche/shared/rows/rows'
import type { ByIds, People } from '@veche/shared/schemas/users'
import { sql } from 'kysely'
import type { Ctx } from '../ctx.ts'
import { afterCursor, type Page, pageOf } from './name-pages.ts'
import { personColumns, toPerson } from './rows.ts'

/** A page of the people to whom one may write, by name. */
export async function listPeople(ctx: Ctx, input: People): Promise<{ people: PersonRow[]; next: string | null }> {
  const rows = await ctx.db
    .selectFrom('users')
    .select(personColumns)
    .select(sql<string>`lower(name)`.as('sort'))
    .where('kind', '=', 'person')
    .where('disabled_at', 'is', null)
    .where(afterCursor(input))
    .orderBy(sql`lower(name)`)
    .orderBy('id')
    .limit(input.limit + 1)
    .execute()
  const { kept, next }: Page<(typeof rows)[number]> = pageOf(rows, input.limit)
  return { people: kept.map(toPerson), next }
}

/** People by id, disabled ones too: their messages still show their names. Unknown ids are left out. */
export async function readPeople(ctx: Ctx, { ids }: ByIds): Promise<PersonRow[]> {
  const rows = await ctx.db.selectFrom('users').select(personColumns).where('id', 'in', ids).execute()
  return rows.map(toPerson)
}
