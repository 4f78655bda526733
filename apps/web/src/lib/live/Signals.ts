import type { DialogId, UserId } from '@veche/shared/ids'
import type { Presence, Signal } from '@veche/shared/live'
import { limits } from '@veche/shared/limits'
import type { World } from './world.ts'

/** Who is in the meeting of a dialog just now. */
export type MeetingNews = Extract<Signal, { kind: 'meeting' }>

/** What is worth nothing a minute later: who is typing, who is here, who is in a call. Nothing of it is kept. */
export class Signals {
  readonly #world: World
  readonly #changed: () => void
  readonly #typing = new Map<DialogId, Map<UserId, () => void>>()
  readonly #presence = new Map<UserId, Presence>()
  readonly #meetings = new Map<DialogId, MeetingNews>()

  constructor(world: World, changed: () => void) {
    this.#world = world
    this.#changed = changed
  }

  typing(dialogId: DialogId): UserId[] {
    return [...(this.#typing.get(dialogId)?.keys() ?? [])]
  }

  presence(userId: UserId): Presence | undefined {
    return this.#presence.get(userId)
  }

  meeting(dialogId: DialogId): MeetingNews | undefined {
    return this.#meetings.get(dialogId)
  }

  meets(news: MeetingNews): void {
    this.#meetings.set(news.dialogId, news)
    this.#changed()
  }

  types(dialogId: DialogId, userId: UserId): void {
    const inDialog = this.#typing.get(dialogId) ?? new Map<UserId, () => void>()
    this.#typing.set(dialogId, inDialog)
    inDialog.get(userId)?.()
    inDialog.set(
      userId,
      this.#world.after(limits.typingSeconds * 1_000, () => this.stopsTyping(dialogId, userId)),
    )
    this.#changed()
  }

  /** The time is over, or the message is here. */
  stopsTyping(dialogId: DialogId, userId: UserId): void {
    const cancel = this.#typing.get(dialogId)?.get(userId)
    if (!cancel) return
    cancel()
    this.#typing.get(dialogId)?.delete(userId)
    this.#changed()
  }

  appears(...presences: Presence[]): void {
    for (const presence of presences) this.#presence.set(presence.userId, presence)
    this.#changed()
  }

  /** Whatever was heard before the connection was lost is rumour now. */
  forget(): void {
    for (const inDialog of this.#typing.values()) for (const cancel of inDialog.values()) cancel()
    this.#typing.clear()
    this.#changed()
  }
}
