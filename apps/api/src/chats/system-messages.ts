import type { DB } from '@veche/db/types.gen'
import { type ChatId, type MessageId, newId, type UserId } from '@veche/shared/ids'
import type { SystemEvent } from '@veche/shared/rows/rows'
import type { Transaction } from 'kysely'
import type { Clock } from '../platform/clock.ts'

type Changing = { db: Transaction<DB>; clock: Clock }

/** What happened in a group, as a message in its place among the others. The scope is locked and advanced to `rev` already. */
export async function addSystemMessage(
  tx: Changing & { actor: { userId: UserId } },
  chatId: ChatId,
  rev: number,
  system: SystemEvent,
): Promise<number> {
  const row = await newPlace(tx, chatId, rev)
  const message = { author_id: tx.actor.userId, kind: 'system' as const, system: JSON.stringify(system) }
  await tx.db
    .insertInto('messages')
    .values({ ...row, ...message })
    .execute()
  return row.seq
}

/** The next place among the messages of a chat. */
export async function newPlace({ db, clock }: Changing, chatId: ChatId, rev: number) {
  const { seq } = await db
    .updateTable('scopes')
    .set((eb) => ({ seq: eb('seq', '+', 1) }))
    .where('id', '=', chatId)
    .returning('seq')
    .executeTakeFirstOrThrow()
  return { chat_id: chatId, seq, rev, id: newId<MessageId>(clock.now()) }
}
