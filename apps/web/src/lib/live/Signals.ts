import type { ChatId, UserId } from '@veche/shared/ids'
import type { Presence, Signal } from '@veche/shared/live'
import { limits } from '@veche/shared/limits'
import type { Environment } from './environment.ts'

/** Who is in the meeting of a chat now. */
export type MeetingSignal = Extract<Signal, { kind: 'meeting' }>

/** News that is worth nothing a minute later: who is typing, who is online, who is in a meeting. It is not stored. */
export class Signals {
  readonly #environment: Environment
  readonly #changed: () => void
  readonly #typing = new Map<ChatId, Map<UserId, () => void>>()
  readonly #presence = new Map<UserId, Presence>()
  readonly #meetings = new Map<ChatId, MeetingSignal>()

  constructor(environment: Environment, changed: () => void) {
    this.#environment = environment
    this.#changed = changed
  }

  typing(chatId: ChatId): UserId[] {
    return [...(this.#typing.get(chatId)?.keys() ?? [])]
  }

  presence(userId: UserId): Presence | undefined {
    return this.#presence.get(userId)
  }

  meeting(chatId: ChatId): MeetingSignal | undefined {
    return this.#meetings.get(chatId)
  }

  setMeeting(signal: MeetingSignal): void {
    this.#meetings.set(signal.chatId, signal)
    this.#changed()
  }

  setTyping(chatId: ChatId, userId: UserId): void {
    const inChat = this.#typing.get(chatId) ?? new Map<UserId, () => void>()
    this.#typing.set(chatId, inChat)
    inChat.get(userId)?.()
    inChat.set(
      userId,
      this.#environment.after(limits.typingSeconds * 1_000, () => this.clearTyping(chatId, userId)),
    )
    this.#changed()
  }

  /** The person has sent the message, or has typed nothing for some seconds. */
  clearTyping(chatId: ChatId, userId: UserId): void {
    const cancel = this.#typing.get(chatId)?.get(userId)
    if (!cancel) return
    cancel()
    this.#typing.get(chatId)?.delete(userId)
    this.#changed()
  }

  setPresence(...presences: Presence[]): void {
    for (const presence of presences) this.#presence.set(presence.userId, presence)
    this.#changed()
  }

  clearAllTyping(): void {
    for (const inChat of this.#typing.values()) for (const cancel of inChat.values()) cancel()
    this.#typing.clear()
    this.#changed()
  }
}
