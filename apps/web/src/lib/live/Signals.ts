import type { ChatId, UserId } from '@veche/shared/ids'
import type { Presence, Signal } from '@veche/shared/live'
import { limits } from '@veche/shared/limits'
import type { World } from './world.ts'

/** Who is in the meeting of a chat just now. */
export type MeetingNews = Extract<Signal, { kind: 'meeting' }>

/** What is worth nothing a minute later: who is typing, who is here, who is in a call. Nothing of it is kept. */
export class Signals {
  readonly #world: World
  readonly #changed: () => void
  readonly #typing = new Map<ChatId, Map<UserId, () => void>>()
  readonly #presence = new Map<UserId, Presence>()
  readonly #meetings = new Map<ChatId, MeetingNews>()

  constructor(world: World, changed: () => void) {
    this.#world = world
    this.#changed = changed
  }

  typing(chatId: ChatId): UserId[] {
    return [...(this.#typing.get(chatId)?.keys() ?? [])]
  }

  presence(userId: UserId): Presence | undefined {
    return this.#presence.get(userId)
  }

  meeting(chatId: ChatId): MeetingNews | undefined {
    return this.#meetings.get(chatId)
  }

  meets(news: MeetingNews): void {
    this.#meetings.set(news.chatId, news)
    this.#changed()
  }

  types(chatId: ChatId, userId: UserId): void {
    const inChat = this.#typing.get(chatId) ?? new Map<UserId, () => void>()
    this.#typing.set(chatId, inChat)
    inChat.get(userId)?.()
    inChat.set(
      userId,
      this.#world.after(limits.typingSeconds * 1_000, () => this.stopsTyping(chatId, userId)),
    )
    this.#changed()
  }

  /** The time is over, or the message is here. */
  stopsTyping(chatId: ChatId, userId: UserId): void {
    const cancel = this.#typing.get(chatId)?.get(userId)
    if (!cancel) return
    cancel()
    this.#typing.get(chatId)?.delete(userId)
    this.#changed()
  }

  appears(...presences: Presence[]): void {
    for (const presence of presences) this.#presence.set(presence.userId, presence)
    this.#changed()
  }

  /** Whatever was heard before the connection was lost is rumour now. */
  forget(): void {
    for (const inChat of this.#typing.values()) for (const cancel of inChat.values()) cancel()
    this.#typing.clear()
    this.#changed()
  }
}
