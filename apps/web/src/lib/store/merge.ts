import type { ChatId, ScopeId, UserId } from '@veche/shared/ids'
import type { Unread } from '@veche/shared/live'
import type { MembershipRow, MessageRow } from '@veche/shared/rows/rows'
import type { WriteTransaction } from './backend.ts'
import { newChanges, newErrands, noteMessage } from './changes.ts'
import { settleCount } from './count.ts'
import type { ChatScope, ScopeRecord } from './tables.ts'

/** What happened to a chat within one merge, as far as the unread number is concerned. */
export type Touch = {
  /** The cursor and the newest seq before the merge. */
  cursor: number
  top: number
  rows: { row: MessageRow; held: MessageRow | undefined }[]
  base?: Unread
}

/** One transaction of merging. Scope records are read once, changed here, and written at the end. */
export class Merge {
  readonly tx: WriteTransaction
  readonly me: UserId
  readonly changes = newChanges()
  readonly errands = newErrands()
  readonly newlyMet = new Set<UserId>()
  readonly #met: ReadonlySet<UserId>
  readonly #scopes = new Map<ScopeId, ScopeRecord | undefined>()
  readonly #unwritten = new Set<ScopeId>()
  readonly #touches = new Map<ChatId, Touch>()

  constructor(tx: WriteTransaction, me: UserId, met: ReadonlySet<UserId>) {
    this.tx = tx
    this.me = me
    this.#met = met
  }

  async scope(id: ScopeId): Promise<ScopeRecord | undefined> {
    if (!this.#scopes.has(id)) this.#scopes.set(id, await this.tx.get('scopes', id))
    return this.#scopes.get(id)
  }

  async chatScope(id: ChatId): Promise<ChatScope | undefined> {
    const scope = await this.scope(id)
    return scope?.kind === 'chat' ? scope : undefined
  }

  setScope(scope: ScopeRecord): void {
    this.#scopes.set(scope.id, scope)
    this.#unwritten.add(scope.id)
  }

  dropScope(id: ScopeId): void {
    this.#scopes.set(id, undefined)
    this.#unwritten.delete(id)
    this.#touches.delete(id as ChatId)
    this.tx.delete('scopes', id)
  }

  membership(id: ChatId): Promise<MembershipRow | undefined> {
    return this.tx.get('memberships', id)
  }

  /** The unread number of this chat is settled at the end. */
  touch(scope: ChatScope): Touch {
    this.changes.chats.add(scope.id)
    const touch = this.#touches.get(scope.id) ?? { cursor: scope.rev, top: scope.top, rows: [] }
    this.#touches.set(scope.id, touch)
    return touch
  }

  /** The row of a person is kept from now on: it is wanted, and frames about them are no longer let go. */
  async meet(id: UserId): Promise<void> {
    if (this.#met.has(id) || this.newlyMet.has(id)) return
    this.newlyMet.add(id)
    if (await this.tx.get('people', id)) return
    this.tx.put('people', { id, handle: '', name: '', role: 'member', disabledAt: null, rev: 0 })
    this.errands.people.add(id)
  }

  async hasMet(id: UserId): Promise<boolean> {
    return this.#met.has(id) || this.newlyMet.has(id) || (await this.tx.get('people', id)) !== undefined
  }

  async finish(): Promise<void> {
    for (const [id, touch] of this.#touches) {
      const scope = await this.chatScope(id)
      if (scope) this.setScope(await settleCount(this, scope, touch))
    }
    for (const id of this.#unwritten) {
      const scope = this.#scopes.get(id)
      if (scope) this.tx.put('scopes', scope)
    }
  }
}

/** The chat and everything held of it, what was written but not sent included. */
export async function dropChat(merge: Merge, id: ChatId): Promise<void> {
  merge.tx.delete('chats', id)
  merge.tx.delete('drafts', id)
  for (const item of await merge.tx.all('outbox')) {
    if (item.chatId !== id) continue
    merge.tx.delete('outbox', item.clientId)
    merge.changes.outbox = true
  }
  forgetMessages(merge, id)
  merge.dropScope(id)
}

export function forgetMessages(merge: Merge, id: ChatId): void {
  merge.tx.deleteMessages(id, 0, Infinity)
  noteMessage(merge.changes, id, 'all')
}
