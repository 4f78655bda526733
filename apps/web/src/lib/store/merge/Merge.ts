import type { ChatId, ScopeId, UserId } from '@veche/shared/ids'
import type { Unread } from '@veche/shared/live'
import type { MembershipRow, MessageRow } from '@veche/shared/rows/rows'
import type { WriteTransaction } from '../backend/backend.ts'
import { newChanges, newFollowUps, noteMessage } from '../changes.ts'
import type { Command } from '../commands.ts'
import type { ChatScope, ScopeRecord } from '../tables.ts'
import { HeldRows } from './HeldRows.ts'
import { settleUnread } from './unread-number.ts'

/** What happened to a chat within one merge, as far as its unread number is concerned. */
export type UnreadInput = {
  /** The cursor and the newest seq before the merge. */
  cursor: number
  top: number
  rows: { row: MessageRow; held: MessageRow | undefined }[]
  /** What the server counted. */
  fromServer?: Unread
}

/** One transaction of merging. Scope records are read once, changed here, and written at the end. */
export class Merge {
  readonly tx: HeldRows
  readonly me: UserId
  readonly changes = newChanges()
  readonly followUps = newFollowUps()
  readonly newlyKept = new Set<UserId>()
  readonly #keptPeople: ReadonlySet<UserId>
  readonly #scopes = new Map<ScopeId, ScopeRecord | undefined>()
  readonly #unwritten = new Set<ScopeId>()
  readonly #unread = new Map<ChatId, UnreadInput>()

  constructor(tx: WriteTransaction, me: UserId, keptPeople: ReadonlySet<UserId>) {
    this.tx = new HeldRows(tx)
    this.me = me
    this.#keptPeople = keptPeople
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
    this.#unread.delete(id as ChatId)
    this.tx.delete('scopes', id)
  }

  membership(id: ChatId): Promise<MembershipRow | undefined> {
    return this.tx.get('memberships', id)
  }

  /** Marks the chat as changed; its unread number is settled at the end, from what is noted in the answer. */
  touch(scope: ChatScope): UnreadInput {
    this.changes.chats.add(scope.id)
    const input = this.#unread.get(scope.id) ?? { cursor: scope.rev, top: scope.top, rows: [] }
    this.#unread.set(scope.id, input)
    return input
  }

  /** From now on the row of this person is kept: it is fetched, and frames about the person are merged. */
  async keepPerson(id: UserId): Promise<void> {
    if (this.isKept(id)) return
    this.newlyKept.add(id)
    if (await this.tx.get('people', id)) return
    this.tx.put('people', { id, handle: '', name: '', role: 'member', disabledAt: null, rev: 0 })
    this.followUps.people.add(id)
  }

  async keepsPerson(id: UserId): Promise<boolean> {
    return this.isKept(id) || (await this.tx.get('people', id)) !== undefined
  }

  /** Known without a look into the database. */
  isKept(id: UserId): boolean {
    return this.#keptPeople.has(id) || this.newlyKept.has(id)
  }

  /** All tabs read the outbox again, and the chat as it is shown with its commands. */
  noteCommand({ chatId }: Command): void {
    this.changes.outbox = true
    if (chatId) this.changes.chats.add(chatId)
  }

  /** The rows are in the transaction already: this settles the unread numbers and writes the cursors. */
  async finish(): Promise<void> {
    for (const [id, input] of this.#unread) {
      const scope = await this.chatScope(id)
      if (scope) this.setScope(await settleUnread(this, scope, input))
    }
    for (const id of this.#unwritten) {
      const scope = this.#scopes.get(id)
      if (scope) this.tx.put('scopes', scope)
      await this.tx.leaveLongTask()
    }
  }
}

/** Deletes the chat and everything held of it, with its draft and its commands in the outbox. */
export async function dropChat(merge: Merge, id: ChatId): Promise<void> {
  merge.tx.delete('chats', id)
  merge.tx.delete('drafts', id)
  merge.tx.delete('visits', id)
  for (const command of await merge.tx.all('outbox')) {
    if (command.chatId !== id) continue
    merge.tx.delete('outbox', command.id)
    merge.changes.outbox = true
  }
  forgetMessages(merge, id)
  merge.dropScope(id)
}

export function forgetMessages(merge: Merge, id: ChatId): void {
  merge.tx.deleteMessages(id, 0, Infinity)
  noteMessage(merge.changes, id, 'all')
}
