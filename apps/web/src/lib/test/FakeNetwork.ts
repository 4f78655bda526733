import { type ContentId, DIRECTORY_SCOPE, newId, type ScopeId, type UserId } from '@veche/shared/ids'
import type { LiveFrame } from '@veche/shared/live'
import { AppError } from '../api/error.ts'
import type { LiveApi, SocketEvents } from '../live/connection/live-api.ts'
import type { FakeServer } from './FakeServer.ts'

/** Runs before or after the server handles a call. An error in `before` loses the request, one in `after` the answer. */
export type CallFaults = { before?: () => Promise<void>; after?: () => Promise<void> }

/** The way to the fake server: calls, and live streams that bring the frames of the scopes that a person may see. */
export class FakeNetwork {
  readonly server: FakeServer
  readonly #sockets = new Map<SocketEvents, { userId: UserId; sent: Map<ScopeId, number> }>()
  release = 'test'

  constructor(server: FakeServer) {
    this.server = server
    server.onChange = () => queueMicrotask(() => this.flush())
  }

  /** Sends to each socket what it has not been sent yet. */
  flush(): void {
    for (const [events, { userId, sent }] of this.#sockets) {
      this.#follow(userId, sent)
      for (const [id, from] of sent) {
        if (this.server.rev(id) <= from) continue
        sent.set(id, this.server.rev(id))
        const frame = this.server.frame(id, from, userId)
        if (frame) this.#push(events, frame)
      }
    }
  }

  /** Pretends that all changes so far were sent: the next frame of this scope leaves a gap. */
  forgetSent(id: ScopeId): void {
    for (const { sent } of this.#sockets.values()) sent.set(id, this.server.rev(id))
  }

  /** Closes all sockets. */
  cut(error?: unknown): void {
    const lost = [...this.#sockets.keys()]
    this.#sockets.clear()
    for (const events of lost) events.closed(error)
  }

  hello(): void {
    for (const [events] of this.#sockets)
      this.#push(events, { type: 'hello', now: this.server.now, release: this.release })
  }

  signal(frame: LiveFrame): void {
    for (const [events] of this.#sockets) this.#push(events, frame)
  }

  get sockets(): number {
    return this.#sockets.size
  }

  apiFor(userId: UserId, faults: CallFaults = {}): LiveApi {
    const { server } = this
    const call = async <T>(work: () => T): Promise<T> => {
      await faults.before?.()
      const answer = structuredClone(work())
      await faults.after?.()
      return answer
    }
    const inChat = <T>(chatId: Parameters<FakeServer['isMember']>[0], work: () => T): T => {
      if (!server.isMember(chatId, userId)) throw new AppError('chat.not_found')
      return work()
    }
    return {
      state: (scopes) => call(() => server.state(userId, scopes)),
      scope: (id, since) => call(() => server.scope(userId, id, since)),
      chats: (cursor) => call(() => server.chatsPage(userId, cursor, 3)),
      people: (ids) => call(() => ids.flatMap((id) => server.people.get(id) ?? [])),
      presence: (ids) => call(() => ids.map((id) => ({ userId: id, online: false, seenAt: null }))),
      history: (ask) => call(() => inChat(ask.chatId, () => server.history(userId, ask))),
      send: ({ chatId, clientId, body }) =>
        call(() =>
          inChat(chatId, () => {
            const message = server.send(chatId, userId, body, clientId)
            const chat = server.chats.get(chatId)?.row
            if (!chat) throw new AppError('chat.not_found')
            return { message, chat }
          }),
        ),
      sendFiles: ({ chatId, ...message }) =>
        call(() => inChat(chatId, () => ({ message: server.sendFiles(chatId, userId, message) }))),
      markListened: ({ chatId, seq }) => call(() => inChat(chatId, () => server.listen(chatId, userId, seq))),
      dropUpload: async (url) => void server.droppedUploads.push(url),
      upload: ({ bytes, url, onUrl, onProgress }) =>
        call(() => {
          const id = (url ?? newId<ContentId>()) as ContentId
          onUrl(id)
          server.uploads.set(id, bytes)
          onProgress(bytes.size)
          return id
        }),
      setMine: ({ chatId, ...mine }) =>
        call(() => inChat(chatId, () => ({ membership: server.setMine(chatId, userId, mine) }))),
      read: (chatId, seq) => call(() => inChat(chatId, () => server.read(chatId, userId, seq))),
      delivered: (chatId, seq) => call(() => inChat(chatId, () => server.delivered(chatId, userId, seq))),
      typing: () => call(() => undefined),
      listen: (events) => this.#listen(userId, events),
    }
  }

  #listen(userId: UserId, events: SocketEvents) {
    queueMicrotask(() => {
      const sent = new Map<ScopeId, number>()
      this.#sockets.set(events, { userId, sent })
      this.#follow(userId, sent)
      this.#push(events, { type: 'hello', now: this.server.now, release: this.release })
    })
    return { ping: () => Promise.resolve(), close: () => void this.#sockets.delete(events) }
  }

  /** A live stream brings the person's own scope, the directory, and the chats that the person is in. */
  #follow(userId: UserId, sent: Map<ScopeId, number>): void {
    const directory = [...this.server.people.values()].length > 0 ? [DIRECTORY_SCOPE] : []
    for (const id of [userId, ...directory]) if (!sent.has(id)) sent.set(id, this.server.rev(id))
    for (const row of this.server.membershipsOf(userId)) {
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
