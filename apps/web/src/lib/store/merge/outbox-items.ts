import type { ErrorCode } from '@veche/shared/errors'
import type { ClientId, ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { WriteTransaction } from '../backend/backend.ts'
import type { OutboxItem } from '../tables.ts'
import type { Merge } from './Merge.ts'
import { mergeRows } from './rows.ts'

export type ComposedMessage = { clientId: ClientId; chatId: ChatId; body: string; composedAt: string }

/** Puts the message at the end of the outbox, behind what was composed before in any tab, and deletes the draft it came from. */
export async function queueMessage(merge: Merge, composed: ComposedMessage): Promise<OutboxItem> {
  const item: OutboxItem = { ...composed, order: await nextOrder(merge.tx), refusal: null }
  merge.tx.put('outbox', item)
  merge.tx.delete('drafts', composed.chatId)
  noteOutbox(merge, item)
  return item
}

export async function markSent(merge: Merge, item: OutboxItem, answer: { message: MessageRow }): Promise<void> {
  await mergeRows(merge, { messages: [answer.message] }, 'answer')
  merge.tx.delete('outbox', item.clientId)
  noteOutbox(merge, item)
}

export async function markRefused(merge: Merge, item: OutboxItem, refusal: ErrorCode): Promise<void> {
  const held = await merge.tx.get('outbox', item.clientId)
  if (!held) return
  merge.tx.put('outbox', { ...held, refusal })
  noteOutbox(merge, held)
}

/** Sends a refused message again, at the end of the outbox. If the server will never take its client id, it gets `newClientId`. */
export async function requeueMessage(merge: Merge, clientId: ClientId, newClientId: ClientId): Promise<void> {
  const held = await merge.tx.get('outbox', clientId)
  if (!held || held.refusal === null) return
  const isIdSpent = held.refusal === 'message.conflict' || held.refusal === 'message.client_id_expired'
  merge.tx.delete('outbox', clientId)
  const order = await nextOrder(merge.tx)
  merge.tx.put('outbox', { ...held, clientId: isIdSpent ? newClientId : clientId, order, refusal: null })
  noteOutbox(merge, held)
}

/** Deletes a refused message. A message that was not refused stays: the server may have stored it already. */
export async function cancelMessage(merge: Merge, clientId: ClientId): Promise<void> {
  const held = await merge.tx.get('outbox', clientId)
  if (!held || held.refusal === null) return
  merge.tx.delete('outbox', clientId)
  noteOutbox(merge, held)
}

async function nextOrder(tx: WriteTransaction): Promise<number> {
  const items = await tx.all('outbox')
  return items.reduce((last, item) => Math.max(last, item.order), 0) + 1
}

function noteOutbox(merge: Merge, { chatId }: OutboxItem): void {
  merge.changes.outbox = true
  merge.changes.chats.add(chatId)
}
