import type { DialogId, ScopeId, UserId } from '@veche/shared/ids'

/** What one transaction changed: views read exactly this again, in every tab. */
export type Changes = {
  /** Their place in the list: title, last message, number, draft, what waits to be sent. */
  dialogs: Set<DialogId>
  /** Messages by seq, or all of them. */
  messages: Map<DialogId, Set<number> | 'all'>
  people: Set<UserId>
  /** My settings and sessions. */
  mine: boolean
  outbox: boolean
}

/** What only this tab has to do about it. */
export type Errands = {
  /** Scopes that the server has to be asked about. */
  asks: Set<ScopeId>
  /** People whose rows are wanted. */
  people: Set<UserId>
  /** Messages that others wrote to me directly and that have come this far now. */
  arrived: Map<DialogId, number>
}

export function newErrands(): Errands {
  return { asks: new Set(), people: new Set(), arrived: new Map() }
}

export function newChanges(): Changes {
  return { dialogs: new Set(), messages: new Map(), people: new Set(), mine: false, outbox: false }
}

export function isEmpty(changes: Changes): boolean {
  const sets = changes.dialogs.size + changes.messages.size + changes.people.size
  return sets === 0 && !changes.mine && !changes.outbox
}

export function noteMessage(changes: Changes, dialogId: DialogId, seq: number | 'all'): void {
  changes.dialogs.add(dialogId)
  const noted = changes.messages.get(dialogId)
  if (noted === 'all') return
  if (seq === 'all') changes.messages.set(dialogId, 'all')
  else if (noted) noted.add(seq)
  else changes.messages.set(dialogId, new Set([seq]))
}
