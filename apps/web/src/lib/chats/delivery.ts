import type { Positions } from '@veche/shared/live'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { OutboxItem } from '#lib/store/tables.ts'

export type Tick = 'sending' | 'sent' | 'delivered' | 'read' | 'failed'

/** How far a message of my own has come. */
export function tickOf(row: MessageRow, positions: Positions): Tick {
  if (row.seq <= positions.read) return 'read'
  return row.seq <= positions.delivered ? 'delivered' : 'sent'
}

export function tickOfPending(item: OutboxItem): Tick {
  return item.refusal === null ? 'sending' : 'failed'
}
