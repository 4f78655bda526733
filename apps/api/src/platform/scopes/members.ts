import { type RawBuilder, sql } from 'kysely'

/**
 * Whether a row of the table `members` is a membership of today: when somebody leaves, the row stays and gets the time of leaving.
 * `alias` is the name of the table in the statement.
 */
export function isCurrentMember(alias: string): RawBuilder<boolean> {
  return sql<boolean>`${sql.raw(currentMemberText(alias))}`
}

/** The same for a statement that is written as text. */
export function currentMemberText(alias: string): string {
  return `${alias}.left_at is null`
}
