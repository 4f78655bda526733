import { DIRECTORY_SCOPE, type ScopeId, type UserId } from '@veche/shared/ids'
import type { LiveFrame } from '@veche/shared/live'
import type { LiveApi, SocketEvents } from '../live/api.ts'
import { AppError } from '../api/error.ts'
import type { Model } from './model.ts'

/** What may happen to a call on its way: it never arrives, its answer never arrives, it is answered with an error, it takes a while. */
export type Weather = { before?: () => Promise<void>; after?: () => Promise<void> }

/** A node of the model: sockets of many people, each told of the scopes it holds. */
export class Wire {
  readonly model: Model
  readonly #sockets = new Map<SocketEvents, { userId: UserId; sent: Map<ScopeId, number> }>()
  release = 'model'

  constructor(model: Model) {
    this.model = model
    model.onChange = () => queueMicrotask(() => this.flush())
  }

  /** Every socket is sent what it has not been sent. */
  flush(): void {
    for (const [events, { userId, sent }] of this.#sockets) {
      this.#follow(userId, sent)
      for (const [id, from] of sent) {
        if (this.model.rev(id) <= from) continue
        sent.set(id, this.model.rev(id))
        const frame = this.model.frame(id, from, userId)
        if (frame) this.#push(events, frame)
      }
    }
  }

  /** As if what changed so far had been told: the next frame of this scope does not connect. */
  forgetSent(id: ScopeId): void {
    for (const { sent } of this.#sockets.values()) sent.set(id, this.model.rev(id))
  }

  /** All sockets are lost, without a word. */
  cut(error?: unknown): void {
    const lost = [...this.#sockets.keys()]
    this.#sockets.clear()
    for (const events of lost) events.closed(error)
  }

  hello(): void {
    for (const [events] of this.#sockets)
      this.#push(events, { type: 'hello', now: this.model.now, release: this.release })
  }

  signal(frame: LiveFrame): void {
    for (const [events] of this.#sockets) this.#push(events, frame)
  }

  get sockets(): number {
    return this.#sockets.size
  }

  apiFor(userId: UserId, weather: Weather = {}): LiveApi {
    const { model } = this
    const call = async <T>(work: () => T): Promise<T> => {
      await weather.before?.()
      const answer = structuredClone(work())
      await weather.after?.()
      return answer
    }
    const inChat = <T>(chatId: Parameters<Model['isMember']>[0], work: () => T): T => {
      if (!model.isMember(chatId, userId)) throw new AppError('chat.not_found')
      return work()
    }
    return {
      state: (scopes) => call(() => model.state(userId, scopes)),
      scope: (id, since) => call(() => model.scope(userId, id, since)),
      chats: (cursor) => call(() => model.chatsPage(userId, cursor, 3)),
      people: (ids) => call(() => ids.flatMap((id) => model.people.get(id) ?? [])),
      presence: (ids) => call(() => ids.map((id) => ({ userId: id, online: false, seenAt: null }))),
      history: (ask) => call(() => inChat(ask.chatId, () => model.history(userId, ask))),
      send: ({ chatId, clientId, body }) =>
        call(() =>
          inChat(chatId, () => {
            const message = model.send(chatId, userId, body, clientId)
            const chat = model.chats.get(chatId)?.row
            if (!chat) throw new AppError('chat.not_found')
            return { message, chat }
          }),
        ),
      read: (chatId, seq) => call(() => inChat(chatId, () => model.read(chatId, userId, seq))),
      delivered: (chatId, seq) => call(() => inChat(chatId, () => model.delivered(chatId, userId, seq))),
      typing: () => call(() => undefined),
      listen: (events) => this.#listen(userId, events),
    }
  }

  #listen(userId: UserId, events: SocketEvents) {
    queueMicrotask(() => {
      const sent = new Map<ScopeId, number>()
      this.#sockets.set(events, { userId, sent })
      this.#follow(userId, sent)
      this.#push(events, { type: 'hello', now: this.model.now, release: this.release })
    })
    return { ping: () => Promise.resolve(), close: () => void this.#sockets.delete(events) }
  }

  /** A socket holds its person, the directory, and the chats that the person is in. */
  #follow(userId: UserId, sent: Map<ScopeId, number>): void {
    const directory = [...this.model.people.values()].length > 0 ? [DIRECTORY_SCOPE] : []
    for (const id of [userId, ...directory]) if (!sent.has(id)) sent.set(id, this.model.rev(id))
    for (const row of this.model.membershipsOf(userId)) {
      if (row.leftAt !== null) sent.delete(row.chatId)
      else if (!sent.has(row.chatId)) sent.set(row.chatId, row.sinceRev)
    }
  }

  #push(events: SocketEvents, frame: LiveFrame): void {
    const copy = structuredClone(frame)
    queueMicrotask(() => {
      if (this.#sockets.has(events)) events.frame(copy)
    })
  }
}
