import type { PersonRow } from '@veche/shared/rows/rows'
import type { ByIds, People } from '@veche/shared/schemas/users'
import { sql } from 'kysely'
import type { Ctx } from '../ctx.ts'
import { after, type Page, pageOf } from './name-pages.ts'
import { personColumns, toPerson } from './rows.ts'

/** Everybody whom one may write to, by name, a page at a time. */
export async function people(ctx: Ctx, input: People): Promise<{ people: PersonRow[]; next: string | null }> {
  const rows = await ctx.db
    .selectFrom('users')
    .select(personColumns)
    .select(sql<string>`lower(name)`.as('sort'))
    .where('disabled_at', 'is', null)
    .where(after(input))
    .orderBy(sql`lower(name)`)
    .orderBy('id')
    .limit(input.limit + 1)
    .execute()
  const { kept, next }: Page<(typeof rows)[number]> = pageOf(rows, input.limit)
  return { people: kept.map(toPerson), next }
}

/** Whoever is asked for by id, disabled ones too: their messages still stand under their names. Unknown ids answer nothing. */
export async function peopleByIds(ctx: Ctx, { ids }: ByIds): Promise<PersonRow[]> {
  const rows = await ctx.db.selectFrom('users').select(personColumns).where('id', 'in', ids).execute()
  return rows.map(toPerson)
}
