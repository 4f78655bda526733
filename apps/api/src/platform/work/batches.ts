import type { DB } from '@veche/db/types.gen'
import type { Kysely, RawBuilder } from 'kysely'

const usualRows = 500

/**
 * Deletes many rows in transactions of `limit` rows, so that locks are short and a stop loses little. `statement` deletes at most
 * `limit` rows, and is repeated until it finds fewer.
 */
export async function deleteInBatches(
  db: Kysely<DB>,
  statement: (limit: number) => RawBuilder<unknown>,
  signal?: AbortSignal,
  limit = usualRows,
): Promise<void> {
  for (let deleted = limit; deleted === limit;) {
    signal?.throwIfAborted()
    const { numAffectedRows = 0n } = await statement(limit).execute(db)
    deleted = Number(numAffectedRows)
  }
}
