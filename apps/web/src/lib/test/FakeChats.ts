import {
  DIRECTORY_SCOPE,
  newId,
  type ChatId,
  type ClientId,
  type ContentId,
  type FileId,
  type MeetingId,
  type ScopeId,
  type UserId,
} from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { countedKinds } from '@veche/shared/messages'
import type { Unread } from '@veche/shared/live'
import type { SetMine } from '@veche/shared/schemas/chats'
import type { SendFiles } from '@veche/shared/schemas/messages'
import { AppError } from '../api/error.ts'
import type {
  CallCard,
  ChatRow,
  ListenedRow,
  MembershipRow,
  MessageFile,
  MessageRow,
  PersonRow,
  SystemEvent,
} from '@veche/shared/rows/rows'

type Member = { row: MembershipRow; delivered: number }
type Chat = {
  rev: number
  seq: number
  row: ChatRow
  members: Map<UserId, Member>
  messages: Map<number, MessageRow>
}

/** People and chats in memory, changed by the same rules as on the real server: the truth that clients are compared with. */
export class FakeChats {
  readonly people = new Map<UserId, PersonRow>()
  /** What was uploaded as a whole. */
  readonly uploads = new Map<ContentId, Blob>()
  readonly droppedUploads: string[] = []
  readonly chats = new Map<ChatId, Chat>()
  readonly listened = new Map<UserId, ListenedRow[]>()
  readonly userRevs = new Map<UserId, number>()
  directoryRev = 0
  now = Date.parse('2026-11-20T10:00:00Z')
  onChange: (id: ScopeId) => void = () => undefined

  /** Returns a function that restores this state, as an operator restores a backup. */
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

  /** `meeting` is a group that was made for a meeting with a link. */
  newChat(userIds: UserId[], made: 'group' | 'direct' | 'meeting' = 'group', title = 'A group'): ChatId {
    const kind = made === 'direct' ? 'direct' : 'group'
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
      meetingOnly: made === 'meeting',
      liveMeetingId: null,
      createdBy,
      createdAt: this.#nextTime(),
      rev: 1,
    }
    this.chats.set(id, { rev: 1, seq: 0, row, members: new Map(), messages: new Map() })
    for (const userId of userIds) this.#join(id, userId, 0, 0)
    if (kind === 'group') this.#addMessage(id, createdBy, { system: { event: 'created', title } })
    this.onChange(id)
    return id
  }

  addMember(id: ChatId, userId: UserId): void {
    const chat = this.chatOf(id)
    if (this.isMember(id, userId)) return
    chat.rev += 1
    const seq = this.#addMessage(
      id,
      chat.row.createdBy,
      { system: { event: 'added', userIds: [userId] } },
      chat.rev,
    ).seq
    this.#join(id, userId, chat.row.historyForNew ? 0 : seq, seq)
    this.#updateChat(id, { memberCount: chat.row.memberCount + 1, membersRev: chat.rev })
  }

  removeMember(id: ChatId, userId: UserId): void {
    const chat = this.chatOf(id)
    const member = chat.members.get(userId)
    if (!member || member.row.leftAt !== null) return
    chat.rev += 1
    this.#addMessage(id, chat.row.createdBy, { system: { event: 'removed', userId } }, chat.rev)
    member.row = { ...member.row, leftAt: this.#nextTime(), wasRemoved: true, rev: this.#advanceUser(userId) }
    this.#updateChat(id, { memberCount: chat.row.memberCount - 1, membersRev: chat.rev })
  }

  leave(id: ChatId, userId: UserId): void {
    const chat = this.chatOf(id)
    const member = chat.members.get(userId)
    if (!member || member.row.leftAt !== null) return
    chat.rev += 1
    this.#addMessage(id, userId, { system: { event: 'left' } }, chat.rev)
    member.row = { ...member.row, leftAt: this.#nextTime(), rev: this.#advanceUser(userId) }
    this.#updateChat(id, { memberCount: chat.row.memberCount - 1, membersRev: chat.rev })
  }

  rename(id: ChatId, title: string): void {
    const chat = this.chatOf(id)
    chat.rev += 1
    this.#updateChat(id, { title })
  }

  configure(id: ChatId, historyForNew: boolean): void {
    const chat = this.chatOf(id)
    chat.rev += 1
    this.#updateChat(id, { historyForNew })
  }

  clear(id: ChatId): void {
    const chat = this.chatOf(id)
    chat.rev += 1
    this.#updateChat(id, { clearedSeq: chat.seq })
  }

  send(id: ChatId, authorId: UserId, body: string, clientId: ClientId | null = null): MessageRow {
    const chat = this.chatOf(id)
    const sent = [...chat.messages.values()].find((row) => clientId !== null && row.clientId === clientId)
    if (sent) return sent
    chat.rev += 1
    const row = this.#addMessage(id, authorId, { body, clientId }, chat.rev)
    if (chat.row.meetingOnly) this.#updateChat(id, { meetingOnly: false })
    else this.onChange(id)
    return row
  }

  sendFiles(
    id: ChatId,
    authorId: UserId,
    { body, clientId, files, voice }: Pick<SendFiles, 'body' | 'clientId' | 'files'> & { voice?: boolean },
  ): MessageRow {
    const chat = this.chatOf(id)
    const sent = [...chat.messages.values()].find((row) => row.clientId === clientId)
    if (sent) return sent
    chat.rev += 1
    const named = files.map(
      ({
        contentId,
        name,
        width = null,
        height = null,
        thumbhash = null,
        durationMs = null,
        waveform = null,
      }): MessageFile => {
        const bytes = this.uploads.get(contentId)
        if (!bytes) throw new AppError('file.not_found')
        const about = { size: bytes.size, mime: bytes.type || 'application/octet-stream' }
        const made = { thumbhash, durationMs, waveform, hasRendition: false, preview: 'none' as const }
        return { id: newId<FileId>(this.now), name, ...about, width, height, ...made }
      },
    )
    const row = this.#addMessage(id, authorId, { body, clientId, files: named, voice }, chat.rev)
    this.onChange(id)
    return row
  }

  /** Somebody has listened to a voice message. */
  listen(id: ChatId, userId: UserId, seq: number): { message: MessageRow; listened: ListenedRow | null } {
    const message = this.visible(id, userId).find((row) => row.seq === seq && row.kind === 'voice' && !row.deletedAt)
    if (!message) throw new AppError('message.not_found')
    if (message.authorId === userId) return { message, listened: null }
    if (!message.listened) this.#updateMessage(id, { ...message, listened: true })
    const rows = this.listened.get(userId) ?? []
    const held = rows.find((row) => row.chatId === id && row.seq === seq)
    const listened = held ?? { chatId: id, seq, messageAt: message.createdAt, rev: this.#advanceUser(userId) }
    if (!held) this.listened.set(userId, [...rows, listened])
    return { message: this.chatOf(id).messages.get(seq)!, listened }
  }

  /** Starts a meeting and writes its card, unless a meeting is going on in the chat. */
  startMeeting(id: ChatId, authorId: UserId): void {
    if (this.#liveCard(id)) return
    const chat = this.chatOf(id)
    chat.rev += 1
    const meetingId = newId<MeetingId>(this.now)
    const card: CallCard = {
      meetingId,
      audio: false,
      state: 'live',
      startedAt: this.#nextTime(),
      endedAt: null,
      people: 0,
    }
    const row = this.#addMessage(id, authorId, { call: card }, chat.rev)
    this.#updateChat(id, { liveMeetingId: row.call?.meetingId ?? null })
  }

  endMeeting(id: ChatId): void {
    const row = this.#liveCard(id)
    if (!row?.call) return
    this.chatOf(id).row = { ...this.chatOf(id).row, liveMeetingId: null, rev: this.chatOf(id).rev + 1 }
    this.#updateMessage(id, { ...row, call: { ...row.call, state: 'ended', endedAt: this.#nextTime(), people: 2 } })
  }

  edit(id: ChatId, seq: number, body: string): void {
    const row = this.chatOf(id).messages.get(seq)
    if (row && row.deletedAt === null && row.kind === 'text')
      this.#updateMessage(id, { ...row, body, editedAt: this.#nextTime() })
  }

  delete(id: ChatId, seq: number): void {
    const row = this.chatOf(id).messages.get(seq)
    if (row && row.deletedAt === null)
      this.#updateMessage(id, { ...row, body: null, system: null, call: null, deletedAt: this.#nextTime() })
  }

  read(id: ChatId, userId: UserId, seq: number): { membership: MembershipRow; unread: Unread } {
    const chat = this.chatOf(id)
    const member = this.memberOf(id, userId)
    const readSeq = Math.min(seq, chat.seq)
    if (readSeq > member.row.readSeq || member.row.unreadMark) {
      const rev = this.#advanceUser(userId)
      member.row = { ...member.row, readSeq: Math.max(readSeq, member.row.readSeq), unreadMark: false, rev }
    }
    return { membership: member.row, unread: { unread: this.unread(id, userId), atRev: chat.rev } }
  }

  delivered(id: ChatId, userId: UserId, seq: number): void {
    const member = this.memberOf(id, userId)
    member.delivered = Math.max(member.delivered, seq)
  }

  setMine(id: ChatId, userId: UserId, mine: Omit<SetMine, 'chatId'>): MembershipRow {
    const member = this.memberOf(id, userId)
    const { notify = member.row.notify, unreadMark = member.row.unreadMark, pinned } = mine
    const pinnedAt = pinned === undefined ? member.row.pinnedAt : pinned ? this.#nextTime() : null
    member.row = { ...member.row, notify, unreadMark, pinnedAt, rev: this.#advanceUser(userId) }
    return member.row
  }

  isMember(id: ChatId, userId: UserId): boolean {
    const member = this.chats.get(id)?.members.get(userId)
    return member !== undefined && member.row.leftAt === null
  }

  visible(id: ChatId, userId: UserId): MessageRow[] {
    const { row, messages } = this.chatOf(id)
    const from = Math.max(this.memberOf(id, userId).row.fromSeq, row.clearedSeq + 1)
    return [...messages.values()].filter(({ seq }) => seq >= from)
  }

  unread(id: ChatId, userId: UserId): number {
    const { readSeq } = this.memberOf(id, userId).row
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

  #join(id: ChatId, userId: UserId, fromSeq: number, readSeq: number): void {
    const chat = this.chatOf(id)
    const row: MembershipRow = {
      chatId: id,
      role: 'member',
      fromSeq,
      sinceRev: chat.rev,
      readSeq,
      unreadMark: false,
      notify: 'all',
      pinnedAt: null,
      joinedAt: this.#nextTime(),
      leftAt: null,
      wasRemoved: false,
      rev: this.#advanceUser(userId),
    }
    chat.members.set(userId, { row, delivered: readSeq })
  }

  #addMessage(
    id: ChatId,
    authorId: UserId,
    content: {
      body?: string
      clientId?: ClientId | null
      system?: SystemEvent
      call?: CallCard
      files?: MessageFile[]
      voice?: boolean | undefined
    },
    rev = this.chatOf(id).rev,
  ): MessageRow {
    const chat = this.chatOf(id)
    chat.seq += 1
    const row: MessageRow = {
      chatId: id,
      seq: chat.seq,
      authorId,
      clientId: content.clientId ?? null,
      kind: kindOf(content),
      body: content.body || null,
      system: content.system ?? null,
      call: content.call ?? null,
      ...(content.files ? { files: content.files } : {}),
      ...(content.voice ? { listened: false } : {}),
      createdAt: this.#nextTime(),
      editedAt: null,
      deletedAt: null,
      rev,
    }
    chat.messages.set(row.seq, row)
    return row
  }

  #liveCard(id: ChatId): MessageRow | undefined {
    return [...this.chatOf(id).messages.values()].find((row) => row.call?.state === 'live')
  }

  #updateMessage(id: ChatId, row: MessageRow): void {
    const chat = this.chatOf(id)
    chat.rev += 1
    chat.messages.set(row.seq, { ...row, rev: chat.rev })
    this.onChange(id)
  }

  #updateChat(id: ChatId, values: Partial<ChatRow>): void {
    const chat = this.chatOf(id)
    chat.row = { ...chat.row, ...values, rev: chat.rev }
    this.onChange(id)
  }

  #advanceUser(userId: UserId): number {
    const rev = (this.userRevs.get(userId) ?? 0) + 1
    this.userRevs.set(userId, rev)
    this.onChange(userId)
    return rev
  }

  protected chatOf(id: ChatId): Chat {
    const chat = this.chats.get(id)
    if (!chat) throw new Error('there is no such chat on the fake server')
    return chat
  }

  protected memberOf(id: ChatId, userId: UserId): Member {
    const member = this.chatOf(id).members.get(userId)
    if (!member) throw new Error('there is no such member on the fake server')
    return member
  }

  #person(id: UserId): PersonRow {
    const person = this.people.get(id)
    if (!person) throw new Error('there is no such person on the fake server')
    return person
  }

  #nextTime(): string {
    this.now += 1_000
    return new Date(this.now).toISOString()
  }
}

function refill<K, V>(map: Map<K, V>, kept: Map<K, V>): void {
  map.clear()
  for (const [key, value] of kept) map.set(key, value)
}

function kindOf(content: { system?: unknown; call?: unknown; files?: unknown; voice?: boolean | undefined }) {
  if (content.system) return 'system'
  if (content.call) return 'call'
  if (content.voice) return 'voice'
  return content.files ? 'file' : 'text'
}
