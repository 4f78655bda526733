import type { UserId } from '@veche/shared/ids'
import { userId } from '@veche/shared/schemas/fields'
import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'
import { fail } from '../errors.ts'

export type PageQuery = { query?: string | undefined; cursor?: string | null | undefined }
export type Page<Row> = { kept: Row[]; next: string | null }

/** The condition for a page of users by name: those behind the cursor whose name or handle contains the query. */
export function afterCursor({ query, cursor }: PageQuery): RawBuilder<boolean> {
  const matches = query
    ? sql<boolean>`(users.name ilike ${contains(query)} or users.handle ilike ${contains(query.replace(/^@/, ''))})`
    : sql<boolean>`true`
  if (!cursor) return matches
  const [name, id] = parseCursor(cursor)
  return sql<boolean>`${matches} and (lower(users.name), users.id) > (${name}, ${id}::uuid)`
}

/** The caller reads one row more than a page holds: it tells whether there is a next page. */
export function pageOf<Row extends { id: UserId; sort: string }>(rows: Row[], limit: number): Page<Row> {
  const kept = rows.slice(0, limit)
  const last = kept.at(-1)
  const more = rows.length > limit && last !== undefined
  return { kept, next: more ? Buffer.from(JSON.stringify([last.sort, last.id])).toString('base64url') : null }
}

const cursorSchema = z.tuple([
  z
    .string()
    .max(200)
    .refine((text) => !text.includes('\0')),
  userId,
])

function parseCursor(cursor: string): [string, UserId] {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
  } catch {
    return fail('input.invalid', { fields: ['cursor'] })
  }
}

/** A pattern for `like` that finds the text as it was typed, anywhere. */
function contains(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
}
