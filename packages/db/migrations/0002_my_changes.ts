import { type Kysely, sql } from 'kysely'

/** When the person decided what a setting of their membership says: a request that comes late does not undo a newer decision. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table members
    add column notify_set_at timestamptz, add column pinned_set_at timestamptz, add column unread_mark_set_at timestamptz`.execute(
    db,
  )
}
