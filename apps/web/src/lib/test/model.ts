import {
  DIRECTORY_SCOPE,
  newId,
  type ClientId,
  type ChatId,
  type MeetingId,
  type MessageId,
  type ScopeId,
  type UserId,
} from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { ChangesFrame, ChatsPage, Positions, ScopeAnswer, StateAnswer, Unread } from '@veche/shared/live'
import { countedKinds } from '@veche/shared/messages'
import type {
  CallCard,
  ChatRow,
  MembershipRow,
  MessageRow,
  PersonRow,
  Rows,
  SystemEvent,
} from '@veche/shared/rows/rows'
import type { HistoryAsk, HistoryPage } from '../live/api.ts'

type Member = { row: MembershipRow; delivered: number }
type Chat = {
  rev: number
  seq: number
  row: ChatRow
  members: Map<UserId, Member>
  messages: Map<number, MessageRow>
}

/** A server in memory that speaks the contract: the truth that clients are compared with. Every answer is one snapshot. */
export class Model {
  readonly people = new Map<UserId, PersonRow>()
  readonly chats = new Map<ChatId, Chat>()
  readonly userRevs = new Map<UserId, number>()
  directoryRev = 0
  now = Date.parse('2026-11-20T10:00:00Z')
  /** Small, so that tests meet pages and resets. */
  page = { newest: 5, rows: 8, gap: 30, stateRows: 10 }
  onChange: (id: ScopeId) => void = () => undefined

  /** Answers how to go back to this moment, as an operator does who restores a backup. */
  backup(): () => void {
    const kept = structuredClone({ people: this.people, chats: this.chats, userRevs: this.userRevs })
    const { directoryRev } = this
    return () => {
      this.directoryRev = directoryRev
      refill(this.people, kept.people)
      refill(this.chats, kept.chats)
      refill(this.userRevs, kept.userRevs)
    }
  }

  newPerson(name: string): UserId {
    const id = newId<UserId>(this.now)
    this.userRevs.set(id, 0)
    this.directoryRev += 1
    this.people.set(id, {
      id,
      handle: name.toLowerCase(),
      name,
      role: 'member',
      disabledAt: null,
      rev: this.directoryRev,
    })
    this.onChange(DIRECTORY_SCOPE)
    return id
  }

  renamePerson(id: UserId, name: string): void {
    this.directoryRev += 1
    this.people.set(id, { ...this.#person(id), name, rev: this.directoryRev })
    this.onChange(DIRECTORY_SCOPE)
  }

  newChat(userIds: UserId[], kind: 'group' | 'direct' = 'group', title = 'A group'): ChatId {
    const id = newId<ChatId>(this.now)
    const pair = kind === 'direct' ? ([userIds[0], userIds[1]] as [UserId, UserId]) : null
    const createdBy = userIds[0] as UserId
    const row: ChatRow = {
      id,
      kind,
      title: kind === 'direct' ? null : title,
      pair,
      memberCount: userIds.length,
      membersRev: 1,
      clearedSeq: 0,
      historyForNew: true,
      liveMeetingId: null,
      createdBy,
      createdAt: this.#time(),
      rev: 1,
    }
    this.chats.set(id, { rev: 1, seq: 0, row, members: new Map(), messages: new Map() })
    for (const userId of userIds) this.#join(id, userId, 0, 0)
    if (kind === 'group') this.#write(id, createdBy, { system: { event: 'created', title } })
    this.onChange(id)
    return id
  }

  addMember(id: ChatId, userId: UserId): void {
    const chat = this.#chat(id)
    if (this.isMember(id, userId)) return
    chat.rev += 1
    const seq = this.#write(id, chat.row.createdBy, { system: { event: 'added', userIds: [userId] } }, chat.rev).seq
    this.#join(id, userId, chat.row.historyForNew ? 0 : seq, seq)
    this.#stamp(id, { memberCount: chat.row.memberCount + 1, membersRev: chat.rev })
  }

  removeMember(id: ChatId, userId: UserId): void {
    const chat = this.#chat(id)
    const member = chat.members.get(userId)
    if (!member || member.row.leftAt !== null) return
    chat.rev += 1
    this.#write(id, chat.row.createdBy, { system: { event: 'removed', userId } }, chat.rev)
    member.row = { ...member.row, leftAt: this.#time(), rev: this.#advanceUser(userId) }
    this.#stamp(id, { memberCount: chat.row.memberCount - 1, membersRev: chat.rev })
  }

  rename(id: ChatId, title: string): void {
    const chat = this.#chat(id)
    chat.rev += 1
    this.#stamp(id, { title })
  }

  configure(id: ChatId, historyForNew: boolean): void {
    const chat = this.#chat(id)
    chat.rev += 1
    this.#stamp(id, { historyForNew })
  }

  clear(id: ChatId): void {
    const chat = this.#chat(id)
    chat.rev += 1
    this.#stamp(id, { clearedSeq: chat.seq })
  }

  send(id: ChatId, authorId: UserId, body: string, clientId: ClientId | null = null): MessageRow {
    const chat = this.#chat(id)
    const sent = [...chat.messages.values()].find((row) => clientId !== null && row.clientId === clientId)
    if (sent) return sent
    chat.rev += 1
    const row = this.#write(id, authorId, { body, clientId }, chat.rev)
    this.onChange(id)
    return row
  }

  /** A meeting begins: its card is written. Begun while one goes on, it is that one. */
  call(id: ChatId, authorId: UserId): void {
    if (this.#liveCard(id)) return
    const chat = this.#chat(id)
    chat.rev += 1
    const meetingId = newId<MeetingId>(this.now)
    const card: CallCard = { meetingId, state: 'live', startedAt: this.#time(), endedAt: null, people: 0 }
    const row = this.#write(id, authorId, { call: card }, chat.rev)
    this.#stamp(id, { liveMeetingId: row.call?.meetingId ?? null })
  }

  hangUp(id: ChatId): void {
    const row = this.#liveCard(id)
    if (!row?.call) return
    this.#chat(id).row = { ...this.#chat(id).row, liveMeetingId: null, rev: this.#chat(id).rev + 1 }
    this.#restamp(id, { ...row, call: { ...row.call, state: 'ended', endedAt: this.#time(), people: 2 } })
  }

  edit(id: ChatId, seq: number, body: string): void {
    const row = this.#chat(id).messages.get(seq)
    if (row && row.deletedAt === null && row.kind === 'text')
      this.#restamp(id, { ...row, body, editedAt: this.#time() })
  }

  delete(id: ChatId, seq: number): void {
    const row = this.#chat(id).messages.get(seq)
    if (row && row.deletedAt === null)
      this.#restamp(id, { ...row, body: null, system: null, call: null, deletedAt: this.#time() })
  }

  read(id: ChatId, userId: UserId, seq: number): { membership: MembershipRow; unread: Unread } {
    const chat = this.#chat(id)
    const member = this.#member(id, userId)
    const readSeq = Math.min(seq, chat.seq)
    if (readSeq > member.row.readSeq || member.row.unreadMark) {
      const rev = this.#advanceUser(userId)
      member.row = { ...member.row, readSeq: Math.max(readSeq, member.row.readSeq), unreadMark: false, rev }
    }
    return { membership: member.row, unread: { unread: this.unread(id, userId), atRev: chat.rev } }
  }

  delivered(id: ChatId, userId: UserId, seq: number): void {
    const member = this.#member(id, userId)
    member.delivered = Math.max(member.delivered, seq)
  }

  setMine(id: ChatId, userId: UserId, mine: Partial<MembershipRow>): MembershipRow {
    const member = this.#member(id, userId)
    member.row = { ...member.row, ...mine, rev: this.#advanceUser(userId) }
    return member.row
  }

  isMember(id: ChatId, userId: UserId): boolean {
    const member = this.chats.get(id)?.members.get(userId)
    return member !== undefined && member.row.leftAt === null
  }

  visible(id: ChatId, userId: UserId): MessageRow[] {
    const { row, messages } = this.#chat(id)
    const from = Math.max(this.#member(id, userId).row.fromSeq, row.clearedSeq + 1)
    return [...messages.values()].filter(({ seq }) => seq >= from)
  }

  unread(id: ChatId, userId: UserId): number {
    const { readSeq } = this.#member(id, userId).row
    const counted = this.visible(id, userId).filter(
      (row) =>
        row.seq > readSeq && countedKinds.includes(row.kind) && row.authorId !== userId && row.deletedAt === null,
    )
    return Math.min(counted.length, limits.unreadCap)
  }

  rev(id: ScopeId): number {
    return this.chats.get(id as ChatId)?.rev ?? this.userRevs.get(id as UserId) ?? this.directoryRev
  }

  membershipsOf(userId: UserId): MembershipRow[] {
    return [...this.chats.values()].flatMap(({ members }) => members.get(userId)?.row ?? [])
  }

  /** The rows that changed after `from`, as a node reads them for its frames; null when this person may not see them. */
  frame(id: ScopeId, from: number, userId: UserId): ChangesFrame | null {
    if (id === DIRECTORY_SCOPE) {
      const people = [...this.people.values()].filter((row) => row.rev > from)
      return { type: 'changes', scope: 'directory', id, from, rev: this.directoryRev, rows: { people } }
    }
    if (this.userRevs.has(id as UserId)) {
      const memberships = this.membershipsOf(userId).filter((row) => row.rev > from)
      return { type: 'changes', scope: 'user', id, from, rev: this.rev(id), rows: { memberships } }
    }
    if (!this.isMember(id as ChatId, userId)) return null
    const rows = this.#chatRows(id as ChatId, userId, from)
    return { type: 'changes', scope: 'chat', id, from, rev: this.rev(id), rows }
  }

  scope(userId: UserId, id: ScopeId, since: number): ScopeAnswer {
    if (id === userId || id === DIRECTORY_SCOPE) return this.#plain(userId, id, since)
    const chat = this.chats.get(id as ChatId)
    if (!chat || !this.isMember(chat.row.id, userId)) {
      return { scope: 'chat', id, rev: 0, rows: {}, more: false, reset: false, gone: true }
    }
    const { sinceRev } = this.#member(chat.row.id, userId).row
    const known = { reset: false, gone: false, ...this.#seen(chat.row.id, userId) }
    if (since < sinceRev || chat.rev - since > this.page.gap || since > chat.rev) {
      const messages = this.visible(chat.row.id, userId).slice(-this.page.newest)
      return {
        scope: 'chat',
        id,
        rev: chat.rev,
        rows: { chats: [chat.row], messages },
        more: false,
        ...known,
        reset: true,
      }
    }
    return { scope: 'chat', id, ...known, ...this.#cut(this.#chatRows(chat.row.id, userId, since), chat.rev) }
  }

  state(userId: UserId, held: [ScopeId, number][]): StateAnswer {
    const asked = new Map<ScopeId, number>([[userId, 0], ...held])
    const changed = [...asked].filter(([id, rev]) => this.scope(userId, id, rev).gone || this.rev(id) !== rev)
    const scopes: ScopeAnswer[] = []
    const behind: StateAnswer['behind'] = []
    let room = this.page.stateRows
    for (const [id, since] of changed) {
      const answer = this.scope(userId, id, since)
      if (room > 0 || answer.gone) scopes.push(answer)
      else behind.push({ id, rev: this.rev(id) })
      room -= 1 + (answer.rows.messages?.length ?? 0)
    }
    const mine = held.filter(([id]) => this.chats.has(id as ChatId) && this.isMember(id as ChatId, userId))
    const positions = mine.map(([id]) => ({
      chatId: id as ChatId,
      ...this.#seen(id as ChatId, userId).positions,
    }))
    return { now: this.now, scopes, behind, positions }
  }

  chatsPage(userId: UserId, cursor: string | null, limit: number): ChatsPage {
    const mine = [...this.chats.values()].filter(({ row }) => this.isMember(row.id, userId))
    const from = Number(cursor ?? 0)
    const chats = mine.slice(from, from + limit).map(({ row }) => {
      const answer = this.scope(userId, row.id, 0)
      return { ...answer, rows: { ...answer.rows, messages: answer.rows.messages?.slice(-1) ?? [] } }
    })
    return { chats, next: mine.length > from + limit ? String(from + limit) : null }
  }

  history(userId: UserId, { chatId, before, after, limit }: HistoryAsk): HistoryPage {
    const all = this.visible(chatId, userId)
    const within = all.filter(({ seq }) => seq < (before ?? Infinity) && seq > (after ?? 0))
    const forward = after !== undefined && before === undefined
    const messages = forward ? within.slice(0, limit) : within.slice(-limit)
    return { rev: this.rev(chatId), messages, more: within.length > messages.length }
  }

  #seen(id: ChatId, userId: UserId): { unread: Unread; positions: Positions } {
    const others = [...this.#chat(id).members].filter(([other, { row }]) => other !== userId && row.leftAt === null)
    const read = Math.max(0, ...others.map(([, member]) => member.row.readSeq))
    const delivered = Math.max(0, ...others.map(([, member]) => Math.max(member.delivered, member.row.readSeq)))
    const direct = this.#chat(id).row.kind === 'direct'
    return {
      unread: { unread: this.unread(id, userId), atRev: this.rev(id) },
      positions: { read, delivered: direct ? delivered : 0 },
    }
  }

  #plain(userId: UserId, id: ScopeId, since: number): ScopeAnswer {
    const scope = id === userId ? ('user' as const) : ('directory' as const)
    const rows =
      scope === 'user'
        ? { memberships: this.membershipsOf(userId).filter((row) => row.rev > since) }
        : { people: [...this.people.values()].filter((row) => row.rev > since) }
    const stale = since > this.rev(id) || (scope === 'directory' && this.rev(id) - since > this.page.gap)
    if (!stale) return { scope, id, reset: false, gone: false, ...this.#cut(rows, this.rev(id)) }
    const all = scope === 'user' ? { memberships: this.membershipsOf(userId) } : { people: [...this.people.values()] }
    return { scope, id, rev: this.rev(id), rows: all, more: false, reset: true, gone: false }
  }

  /** As many rows as fit, cut between revisions. */
  #cut(rows: Rows, scopeRev: number): { rev: number; rows: Rows; more: boolean } {
    const revs = [...new Set(Object.values(rows).flatMap((table) => table.map((row) => row.rev)))].sort((a, b) => a - b)
    const firstLeftOut = revs[this.page.rows]
    if (firstLeftOut === undefined) return { rev: scopeRev, rows, more: false }
    const kept = Object.entries(rows).map(([table, all]) => [table, all.filter((row) => row.rev < firstLeftOut)])
    return { rev: firstLeftOut - 1, rows: Object.fromEntries(kept) as Rows, more: true }
  }

  #chatRows(id: ChatId, userId: UserId, since: number): Rows {
    const { row } = this.#chat(id)
    const messages = this.visible(id, userId).filter(({ rev }) => rev > since)
    return { ...(row.rev > since ? { chats: [row] } : {}), messages }
  }

  #join(id: ChatId, userId: UserId, fromSeq: number, readSeq: number): void {
    const chat = this.#chat(id)
    const row: MembershipRow = {
      chatId: id,
      role: 'member',
      fromSeq,
      sinceRev: chat.rev,
      readSeq,
      unreadMark: false,
      notify: 'all',
      pinnedAt: null,
      joinedAt: this.#time(),
      leftAt: null,
      rev: this.#advanceUser(userId),
    }
    chat.members.set(userId, { row, delivered: readSeq })
  }

  #write(
    id: ChatId,
    authorId: UserId,
    content: { body?: string; clientId?: ClientId | null; system?: SystemEvent; call?: CallCard },
    rev = this.#chat(id).rev,
  ): MessageRow {
    const chat = this.#chat(id)
    chat.seq += 1
    const row: MessageRow = {
      chatId: id,
      seq: chat.seq,
      id: newId<MessageId>(this.now),
      authorId,
      clientId: content.clientId ?? null,
      kind: content.system ? 'system' : content.call ? 'call' : 'text',
      body: content.body ?? null,
      system: content.system ?? null,
      call: content.call ?? null,
      createdAt: this.#time(),
      editedAt: null,
      deletedAt: null,
      rev,
    }
    chat.messages.set(row.seq, row)
    return row
  }

  #liveCard(id: ChatId): MessageRow | undefined {
    return [...this.#chat(id).messages.values()].find((row) => row.call?.state === 'live')
  }

  #restamp(id: ChatId, row: MessageRow): void {
    const chat = this.#chat(id)
    chat.rev += 1
    chat.messages.set(row.seq, { ...row, rev: chat.rev })
    this.onChange(id)
  }

  #stamp(id: ChatId, values: Partial<ChatRow>): void {
    const chat = this.#chat(id)
    chat.row = { ...chat.row, ...values, rev: chat.rev }
    this.onChange(id)
  }

  #advanceUser(userId: UserId): number {
    const rev = (this.userRevs.get(userId) ?? 0) + 1
    this.userRevs.set(userId, rev)
    this.onChange(userId)
    return rev
  }

  #chat(id: ChatId): Chat {
    const chat = this.chats.get(id)
    if (!chat) throw new Error('there is no such chat in the model')
    return chat
  }

  #member(id: ChatId, userId: UserId): Member {
    const member = this.#chat(id).members.get(userId)
    if (!member) throw new Error('there is no such member in the model')
    return member
  }

  #person(id: UserId): PersonRow {
    const person = this.people.get(id)
    if (!person) throw new Error('there is no such person in the model')
    return person
  }

  #time(): string {
    this.now += 1_000
    return new Date(this.now).toISOString()
  }
}

function refill<K, V>(map: Map<K, V>, kept: Map<K, V>): void {
  map.clear()
  for (const [key, value] of kept) map.set(key, value)
}
