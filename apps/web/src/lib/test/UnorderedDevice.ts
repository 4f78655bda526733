import { DIRECTORY_SCOPE, type ChatId, type ScopeId, type UserId } from '@veche/shared/ids'
import { expect } from 'vitest'
import { newFollowUps } from '../store/changes.ts'
import { applyHistoryPage } from '../store/merge/history-pages.ts'
import { applyReadAnswer, moveReadPosition } from '../store/merge/read-positions.ts'
import {
  storesOfChatsPage,
  storesOfFrame,
  storesOfRows,
  storesOfScopeAnswer,
  storesOfState,
} from '../store/merge/needed-stores.ts'
import { applyFrames, mergePerson, mergeRows } from '../store/merge/rows.ts'
import {
  applyChatsPage,
  applyScopeAnswer,
  applyState,
  readKnownCursor,
  type KnownCursor,
} from '../store/merge/scope-answers.ts'
import { holds } from '../store/ranges.ts'
import type { Store } from '../store/Store.ts'
import type { StoreName } from '../store/tables.ts'
import type { FakeServer } from './FakeServer.ts'

/**
 * A device that merges answers and frames in any order, late, twice or never, as several tabs on one database may do. After a
 * catch-up it must hold what the server has.
 */
export class UnorderedDevice {
  readonly server: FakeServer
  readonly me: UserId
  readonly stores: Store[]
  readonly #pending: (() => Promise<void>)[] = []
  readonly #sent = new Map<ScopeId, number>()
  readonly chats: ChatId[]
  followUps = newFollowUps()

  constructor(server: FakeServer, me: UserId, stores: Store[], chats: ChatId[]) {
    this.server = server
    this.me = me
    this.stores = stores
    this.chats = chats
    for (const store of stores) store.on('followUps', ({ scopes, people }) => this.collect(scopes, people))
  }

  collect(scopes: Set<ScopeId>, people: Set<UserId>): void {
    for (const id of scopes) this.followUps.scopes.add(id)
    for (const id of people) this.followUps.people.add(id)
  }

  tab(n: number): Store {
    return this.stores[n % this.stores.length] as Store
  }

  async merge(n: number, work: Parameters<Store['merge']>[0], stores?: StoreName[]): Promise<void> {
    await this.tab(n).merge(work, stores)
  }

  frame(n: number, id: ScopeId): void {
    const from = this.#sent.get(id) ?? 0
    this.#sent.set(id, this.server.rev(id))
    const frame = this.server.frame(id, from, this.me)
    if (frame) this.later(() => this.merge(n, (merge) => applyFrames(merge, [frame]), storesOfFrame(frame)))
  }

  async fetchScope(n: number, id: ScopeId): Promise<void> {
    const known = await this.known(n, id)
    this.later(async () => {
      const answer = structuredClone(this.server.scope(this.me, id, known.since))
      this.later(() => this.merge(n, (merge) => applyScopeAnswer(merge, answer, known), storesOfScopeAnswer(answer)))
    })
  }

  history(n: number, chatId: ChatId, seq: number, forward: boolean): void {
    if (!this.server.isMember(chatId, this.me)) return
    const query = forward ? { chatId, after: seq, limit: 4 } : { chatId, before: seq, limit: 4 }
    const answer = structuredClone(this.server.history(this.me, query))
    const stores = storesOfRows({ messages: answer.messages })
    this.later(async () => this.merge(n, async (merge) => void (await applyHistoryPage(merge, query, answer)), stores))
  }

  send(n: number, chatId: ChatId): void {
    if (!this.server.isMember(chatId, this.me)) return
    const message = this.server.send(chatId, this.me, 'mine')
    const chat = this.server.chats.get(chatId)?.row
    if (!chat) return
    const rows = structuredClone({ messages: [message], chats: [chat] })
    this.later(() => this.merge(n, (merge) => mergeRows(merge, rows, 'answer'), storesOfRows(rows)))
  }

  async read(n: number, chatId: ChatId, seq: number): Promise<void> {
    await this.merge(n, (merge) => moveReadPosition(merge, chatId, seq))
    if (!this.server.isMember(chatId, this.me)) return
    this.later(async () => {
      if (!this.server.isMember(chatId, this.me)) return
      const answer = structuredClone(this.server.read(chatId, this.me, seq))
      const stores = storesOfRows({ memberships: [answer.membership] })
      this.later(() => this.merge(n, (merge) => applyReadAnswer(merge, answer), stores))
    })
  }

  known(n: number, id: ScopeId): Promise<KnownCursor> {
    return this.tab(n).read((tx) => readKnownCursor(tx, id))
  }

  async page(n: number): Promise<void> {
    const page = structuredClone(this.server.chatsPage(this.me, null, 10))
    this.later(() => this.merge(n, (merge) => applyChatsPage(merge, page), storesOfChatsPage(page)))
  }

  async state(n: number): Promise<void> {
    const scopes = await this.tab(n).read((tx) => tx.all('scopes'))
    const known = await Promise.all(scopes.map((scope) => this.known(n, scope.id)))
    this.later(async () => {
      const held = known.map(({ id, since }): [ScopeId, number] => [id, since])
      const answer = structuredClone(this.server.state(this.me, held))
      this.later(() => this.merge(n, (merge) => applyState(merge, answer, byId(known)), storesOfState(answer)))
    })
  }

  later(work: () => Promise<void>): void {
    this.#pending.push(work)
  }

  async deliver(index: number, twice: boolean): Promise<void> {
    if (this.#pending.length === 0) return
    const at = index % this.#pending.length
    const [work] = twice ? [this.#pending[at]] : this.#pending.splice(at, 1)
    await work?.()
  }

  /** What the engine does after a hello: the list of chats, the state, and all follow-ups until none is left. */
  async catchUp(): Promise<void> {
    this.#pending.length = 0
    await this.page(0)
    await this.deliver(0, false)
    for (const id of [this.me, DIRECTORY_SCOPE]) this.followUps.scopes.add(id)
    await this.state(0)
    while (this.#pending.length > 0) await this.deliver(0, false)
    await this.reportReads()
    for (let rounds = 0; await this.runFollowUps(); rounds++) {
      if (rounds > 50) throw new Error(`the device never stops fetching: ${[...this.followUps.scopes].join(' ')}`)
    }
  }

  async runFollowUps(): Promise<boolean> {
    const missing = await this.missing()
    for (const id of missing) this.followUps.scopes.add(id)
    const { scopes, people } = this.followUps
    this.followUps = newFollowUps()
    for (const id of scopes) await this.fetchScope(0, id)
    while (this.#pending.length > 0) await this.deliver(0, false)
    const rows = [...people].flatMap((id) => this.server.people.get(id) ?? [])
    await this.merge(0, async (merge) => {
      for (const row of rows) await mergePerson(merge, row)
    })
    return scopes.size > 0 || this.followUps.scopes.size > 0
  }

  async missing(): Promise<ChatId[]> {
    return await this.tab(0).read(async (tx) => {
      const held = new Set((await tx.all('scopes')).map((scope) => scope.id))
      const active = (await tx.all('memberships')).filter((row) => row.leftAt === null)
      return active.map((row) => row.chatId).filter((id) => !held.has(id))
    })
  }

  async reportReads(): Promise<void> {
    for (const scope of await this.tab(0).read((tx) => tx.all('scopes'))) {
      if (scope.kind !== 'chat' || !this.server.isMember(scope.id, this.me)) continue
      const answer = structuredClone(this.server.read(scope.id, this.me, scope.readTo))
      await this.merge(0, (merge) => applyReadAnswer(merge, answer))
    }
  }

  /** Before the catch-up: if the tab holds everything and needs no recount, its number is right. */
  async expectNumber(chatId: ChatId): Promise<void> {
    if (!this.server.isMember(chatId, this.me)) return
    await this.tab(0).read(async (tx) => {
      const [scope, membership] = [await tx.get('scopes', chatId), await tx.get('memberships', chatId)]
      if (scope?.kind !== 'chat' || scope.count.needsRecount || scope.rev !== this.server.rev(chatId)) return
      if (!membership || membership.rev !== this.server.chats.get(chatId)?.members.get(this.me)?.row.rev) return
      if (scope.readTo <= membership.readSeq) expect(scope.count.unread).toBe(this.server.unread(chatId, this.me))
    })
  }

  async expectEqual(): Promise<void> {
    await this.tab(0).read(async (tx) => {
      for (const chatId of this.chats) {
        const scope = await tx.get('scopes', chatId)
        const messages = await tx.messages(chatId, 0, Infinity)
        if (!this.server.isMember(chatId, this.me)) {
          expect([scope, await tx.get('chats', chatId), messages]).toEqual([undefined, undefined, []])
          continue
        }
        const server = this.server.chats.get(chatId)
        if (scope?.kind !== 'chat' || !server) throw new Error('the chat is not held')
        expect(scope.rev).toBe(server.rev)
        expect(await tx.get('chats', chatId)).toEqual(server.row)
        expect(await tx.get('memberships', chatId)).toEqual(server.members.get(this.me)?.row)
        const visible = this.server.visible(chatId, this.me)
        expect(messages).toEqual(visible.filter((row) => holds(scope.ranges, row.seq, row.seq)))
        expect(messages.at(-1)).toEqual(visible.at(-1))
        expect({ unread: scope.count.unread, needsRecount: scope.count.needsRecount }).toEqual({
          unread: this.server.unread(chatId, this.me),
          needsRecount: false,
        })
        for (const { authorId } of messages)
          expect(await tx.get('people', authorId)).toEqual(this.server.people.get(authorId))
      }
    })
  }
}

function byId(known: KnownCursor[]): Map<ScopeId, KnownCursor> {
  return new Map(known.map((each) => [each.id, each]))
}
