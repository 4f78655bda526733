import type { ChangesFrame, HelloFrame, LiveFrame, SignalFrame } from './live.ts'
import type { MessageRow, Rows } from './rows/rows.ts'

/** A frame as it is on the wire: what its reader can work out is left out. A frame that leaves nothing out is valid too. */
export type SentFrame = HelloFrame | SignalFrame | SentChanges

type SentChanges = Omit<ChangesFrame, 'from' | 'rows'> & { from?: number; rows: SentRows }
type SentRows = Omit<Rows, 'messages'> & { messages?: SentMessage[] }
type SentMessage = Pick<MessageRow, 'seq' | 'authorId' | 'createdAt'> & Partial<MessageRow>

/** The values that most messages have. They are left out. */
function usualMessage({ id, rev }: SentChanges) {
  const empty = { clientId: null, body: null, system: null, call: null, editedAt: null, deletedAt: null }
  return { ...empty, chatId: id as MessageRow['chatId'], rev, kind: 'text' as const }
}

/** Messages are many, and each goes to every tab. Other rows are rare and stay as they are. */
export function shortFrame(frame: LiveFrame): SentFrame {
  if (frame.type !== 'changes' || !frame.rows.messages) return frame
  const { from, rows, ...rest } = frame
  const usual: Partial<Record<string, unknown>> = usualMessage(frame)
  const messages = frame.rows.messages.map((row) => {
    const unusual = Object.entries(row).filter(([column, value]) => usual[column] !== value)
    return Object.fromEntries(unusual) as SentMessage
  })
  return { ...rest, ...(from === frame.rev - 1 ? {} : { from }), rows: { ...rows, messages } }
}

type SocketMessage = SentFrame | { id?: unknown; result?: { type: string } } | null

/** tRPC passes over it, because it answers no request. */
const nothing = {}

/** Reads what a live socket sends. Frames arrive without the envelope of tRPC; it is put back here. */
export class LiveMessageReader {
  #subscription: unknown

  read(text: string): unknown {
    const message = JSON.parse(text) as SocketMessage
    if (typeof message !== 'object' || message === null) return nothing
    if ('type' in message) return isKnown(message) ? this.#inEnvelope(message) : nothing
    if (message.result?.type === 'started') this.#subscription = message.id
    return message
  }

  #inEnvelope(frame: SentFrame): unknown {
    return { id: this.#subscription, result: { type: 'data', data: fullFrame(frame) } }
  }
}

/** A newer server may send frames of other types. */
function isKnown(frame: { type: string }): boolean {
  return ['hello', 'changes', 'signal'].includes(frame.type)
}

export function fullFrame(frame: SentFrame): LiveFrame {
  if (frame.type !== 'changes') return frame
  const { messages, ...rows } = frame.rows
  const usual = usualMessage(frame)
  const full = messages?.map((row): MessageRow => ({ ...usual, ...row }))
  return { ...frame, from: frame.from ?? frame.rev - 1, rows: { ...rows, ...(full ? { messages: full } : {}) } }
}
