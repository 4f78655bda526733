import { type Kysely, sql } from 'kysely'

/**
 * Whose content it is, because people take turns: one index leads from a person to the next one who has work that is due, and one counts
 * what was done for each. A trigger fills it, so it is there while the release before writes too; the owner of a content never changes.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create function note_owner_of_work() returns trigger language plpgsql as $$
  begin
    new.owner_id := (select owner_id from contents where id = new.id);
    return new;
  end $$`,
  `create trigger owner_of_preview before insert on previews for each row execute function note_owner_of_work()`,
  `create trigger owner_of_rendition before insert on renditions for each row execute function note_owner_of_work()`,
  `alter table previews add column owner_id uuid`,
  `alter table renditions add column owner_id uuid`,
  `update previews set owner_id = (select owner_id from contents where contents.id = previews.id)`,
  `update renditions set owner_id = (select owner_id from contents where contents.id = renditions.id)`,
  `alter table previews alter column owner_id set not null`,
  `alter table renditions alter column owner_id set not null`,
  `create index previews_ended_by_owner on previews (kind, owner_id, created_at) where state <> 'due'`,
  `create index previews_due_by_owner on previews (kind, owner_id, created_at, id) where state = 'due'`,
  `create index renditions_ended_by_owner on renditions (owner_id, created_at) where state <> 'due'`,
  `create index renditions_due_by_owner on renditions (owner_id, created_at, id) where state = 'due'`,
  `drop index previews_by_age`,
  `drop index renditions_by_age`,
]
