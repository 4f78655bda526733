import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  // The lives of a node that newer ones have followed, the last ones first: a word of theirs that was long on its way is none of a new life.
  `alter table sfu_nodes add column past_boots uuid[] not null default '{}'`,
  `update sfu_nodes set past_boots = array[dead_boot] where dead_boot <> boot_id`,

  // A refusal means something to the process that was not refused before: which were is no matter of the database.
  `alter table sfu_nodes drop column reached`,

  // Whoever was put out does not come back by an open link; who went by themselves does.
  `alter table members add column put_out boolean not null default false`,

  // Every frame of a person's own scope asks which of their places have changed, and places are kept for months.
  `drop index seats_by_user`,
  `create index seats_by_user on seats (user_id, user_rev)`,
]
