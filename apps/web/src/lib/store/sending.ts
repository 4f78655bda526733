import type { ErrorCode } from '@veche/shared/errors'
import type { ClientId, ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { WriteTransaction } from './backend.ts'
import type { Merge } from './merge.ts'
import { mergeRows } from './rows.ts'
import type { OutboxItem } from './tables.ts'

export type Composed = { clientId: ClientId; chatId: ChatId; body: string; composedAt: string }

/** Takes its place behind everything that was composed before, in any tab. The draft is what it was made of. */
export async function queue(merge: Merge, composed: Composed): Promise<OutboxItem> {
  const item: OutboxItem = { ...composed, order: await nextOrder(merge.tx), refusal: null }
  merge.tx.put('outbox', item)
  merge.tx.delete('drafts', composed.chatId)
  noteOutbox(merge, item)
  return item
}

export async function sent(merge: Merge, item: OutboxItem, answer: { message: MessageRow }): Promise<void> {
  await mergeRows(merge, { messages: [answer.message] }, 'answer')
  merge.tx.delete('outbox', item.clientId)
  noteOutbox(merge, item)
}

export async function refused(merge: Merge, item: OutboxItem, refusal: ErrorCode): Promise<void> {
  const held = await merge.tx.get('outbox', item.clientId)
  if (!held) return
  merge.tx.put('outbox', { ...held, refusal })
  noteOutbox(merge, held)
}

/** Once more, behind what was composed since. Some refusals stick to the key, so it may get a new one: nothing was stored under the old. */
export async function requeue(merge: Merge, clientId: ClientId, fresh: ClientId): Promise<void> {
  const held = await merge.tx.get('outbox', clientId)
  if (!held || held.refusal === null) return
  const spent = held.refusal === 'message.conflict' || held.refusal === 'message.client_id_expired'
  merge.tx.delete('outbox', clientId)
  const item = { ...held, clientId: spent ? fresh : clientId, order: await nextOrder(merge.tx), refusal: null }
  merge.tx.put('outbox', item)
  noteOutbox(merge, item)
}

/** Only what was refused can be taken back: anything else may be stored already. */
export async function cancel(merge: Merge, clientId: ClientId): Promise<void> {
  const held = await merge.tx.get('outbox', clientId)
  if (!held || held.refusal === null) return
  merge.tx.delete('outbox', clientId)
  noteOutbox(merge, held)
}

async function nextOrder(tx: WriteTransaction): Promise<number> {
  const items = await tx.all('outbox')
  return items.reduce((last, item) => Math.max(last, item.order), 0) + 1
}

function noteOutbox(merge: Merge, item: OutboxItem): void {
  merge.changes.outbox = true
  merge.changes.chats.add(item.chatId)
}
