import type { ClientId, ChatId, ScopeId, UserId } from '@veche/shared/ids'
import type { ChatsPage, LiveFrame, Presence, ScopeAnswer, StateAnswer, Unread } from '@veche/shared/live'
import type { MembershipRow, MessageRow, PersonRow } from '@veche/shared/rows/rows'
import type { SetMine } from '@veche/shared/schemas/chats'

/** The procedures of the API that the engine calls. They reject with an AppError. */
export type LiveApi = {
  state(scopes: [ScopeId, number][]): Promise<StateAnswer>
  scope(id: ScopeId, since: number): Promise<ScopeAnswer>
  chats(cursor: string | null, limit?: number): Promise<ChatsPage>
  people(ids: UserId[]): Promise<PersonRow[]>
  presence(ids: UserId[]): Promise<Presence[]>
  history(query: HistoryQuery): Promise<HistoryPage>
  send(message: NewMessage): Promise<{ message: MessageRow }>
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

/** Nothing is called before `listen` has returned. `closed` is called once, and nothing after it. */
export type SocketEvents = { frame(frame: LiveFrame): void; closed(error: unknown): void }

export type Socket = {
  /** Resolves when the server has answered. */
  ping(): Promise<void>
  close(): void
}
