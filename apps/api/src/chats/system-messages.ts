import type { DB } from '@veche/db/types.gen'
import type { ChatId, UserId } from '@veche/shared/ids'
import type { SystemEvent } from '@veche/shared/rows/rows'
import type { Transaction } from 'kysely'
import type { Clock } from '../platform/clock.ts'

type Changing = { db: Transaction<DB>; clock: Clock }

/** Writes what happened in a group into its history. The scope is locked and was advanced to `rev`. Returns the `seq` of the message. */
export async function addSystemMessage(
  tx: Changing & { actor: { userId: UserId } },
  chatId: ChatId,
  rev: number,
  system: SystemEvent,
): Promise<number> {
  const keys = await nextMessageKeys(tx, chatId, rev)
  const message = { author_id: tx.actor.userId, kind: 'system' as const, system: JSON.stringify(system) }
  await tx.db
    .insertInto('messages')
    .values({ ...keys, ...message })
    .execute()
  return keys.seq
}

/** Takes the next `seq` of a locked chat, for a message that is inserted now. */
export async function nextMessageKeys({ db }: Changing, chatId: ChatId, rev: number) {
  const { seq } = await db
    .updateTable('scopes')
    .set((eb) => ({ seq: eb('seq', '+', 1) }))
    .where('id', '=', chatId)
    .returning('seq')
    .executeTakeFirstOrThrow()
  return { chat_id: chatId, seq, rev }
}
