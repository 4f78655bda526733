import type { Positions } from '@veche/shared/live'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { MessageCommand } from '#lib/store/commands.ts'

export type Delivery = 'sending' | 'sent' | 'delivered' | 'read' | 'failed'

/** How far my own message has come. */
export function deliveryOf(row: MessageRow, positions: Positions): Delivery {
  if (row.seq <= positions.read) return 'read'
  return row.seq <= positions.delivered ? 'delivered' : 'sent'
}

export function deliveryOfPending(message: MessageCommand): Delivery {
  return message.refusal === null ? 'sending' : 'failed'
}
