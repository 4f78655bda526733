import type { ClientId, ChatId, ContentId, ScopeId, UserId } from '@veche/shared/ids'
import type { ChatsPage, LiveFrame, Presence, ScopeAnswer, StateAnswer, Unread } from '@veche/shared/live'
import type { ListenedRow, MembershipRow, MessageRow, PersonRow } from '@veche/shared/rows/rows'
import type { SetMine } from '@veche/shared/schemas/chats'
import type { SendFiles } from '@veche/shared/schemas/messages'

/** The procedures of the API that the engine calls. They reject with an AppError. */
export type LiveApi = {
  state(scopes: [ScopeId, number][]): Promise<StateAnswer>
  scope(id: ScopeId, since: number): Promise<ScopeAnswer>
  chats(cursor: string | null, limit?: number): Promise<ChatsPage>
  people(ids: UserId[]): Promise<PersonRow[]>
  presence(ids: UserId[]): Promise<Presence[]>
  history(query: HistoryQuery): Promise<HistoryPage>
  send(message: NewMessage): Promise<{ message: MessageRow }>
  sendFiles(message: NewMessage & { files: SentFile[]; voice?: true }): Promise<{ message: MessageRow }>
  /** Uploads a file, or goes on with it. Resolves when the server has all of it. */
  upload(upload: NewUpload): Promise<ContentId>
  /** Takes back what has arrived of an upload that no message holds. */
  dropUpload(url: string): Promise<void>
  markListened(voice: { chatId: ChatId; seq: number }): Promise<{ message: MessageRow; listened: ListenedRow | null }>
  setMine(mine: SetMine): Promise<{ membership: MembershipRow }>
  read(chatId: ChatId, seq: number): Promise<{ membership: MembershipRow; unread: Unread }>
  delivered(chatId: ChatId, seq: number): Promise<unknown>
  typing(chatId: ChatId): Promise<unknown>
  /** Opens the live stream. */
  listen(events: SocketEvents): Socket
}

export type HistoryQuery = { chatId: ChatId; before?: number; after?: number; limit: number }
export type HistoryPage = { rev: number; messages: MessageRow[]; more: boolean }
export type NewMessage = { chatId: ChatId; clientId: ClientId; body: string }
export type SentFile = SendFiles['files'][number]
export type NewUpload = {
  bytes: Blob
  /** Where an earlier attempt has begun it. */
  url: string | null
  onUrl: (url: string) => void
  onProgress: (sentBytes: number) => void
  signal: AbortSignal
}

/** Nothing is called before `listen` has returned. `closed` is called once, and nothing after it. */
export type SocketEvents = { frame(frame: LiveFrame): void; closed(error: unknown): void }

export type Socket = {
  /** Resolves when the server has answered. */
  ping(): Promise<void>
  close(): void
}
