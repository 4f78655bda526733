import type { UserId } from '@veche/shared/ids'
import { userId } from '@veche/shared/schemas/fields'
import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'
import { fail } from '../errors.ts'

export type Asked = { query?: string | undefined; cursor?: string | null | undefined }
export type Page<Row> = { kept: Row[]; next: string | null }

/** The part of a statement that begins after a cursor and keeps names and handles that contain what was typed. */
export function after({ query, cursor }: Asked): RawBuilder<boolean> {
  const words = query
    ? sql<boolean>`(users.name ilike ${like(query)} or users.handle ilike ${like(query.replace(/^@/, ''))})`
    : sql<boolean>`true`
  if (!cursor) return words
  const [name, id] = read(cursor)
  return sql<boolean>`${words} and (lower(users.name), users.id) > (${name}, ${id}::uuid)`
}

/** One row more than a page was read: it says whether there is a next page. */
export function pageOf<Row extends { id: UserId; sort: string }>(rows: Row[], limit: number): Page<Row> {
  const kept = rows.slice(0, limit)
  const last = kept.at(-1)
  const more = rows.length > limit && last !== undefined
  return { kept, next: more ? Buffer.from(JSON.stringify([last.sort, last.id])).toString('base64url') : null }
}

const place = z.tuple([
  z
    .string()
    .max(200)
    .refine((text) => !text.includes('\0')),
  userId,
])

function read(cursor: string): [string, UserId] {
  try {
    return place.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
  } catch {
    return fail('input.invalid', { fields: ['cursor'] })
  }
}

/** Anywhere in the text; what was typed means itself, never a pattern. */
function like(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
}
