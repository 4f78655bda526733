import { type Kysely, sql } from 'kysely'

/** Whether a meeting was started as a call without video: who joins it begins with the camera off. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table meetings add column audio boolean not null default false`.execute(db)
}
