import type { ErrorCode } from '@veche/shared/errors'
import { newId, type ClientId, type ChatId } from '@veche/shared/ids'
import { cleanText } from '@veche/shared/limits'
import { appError, type AppErrorCode } from '../../api/error.ts'
import { cancelMessage, markRefused, markSent, queueMessage, requeueMessage } from '../../store/merge/outbox-items.ts'
import type { Store } from '../../store/Store.ts'
import type { OutboxItem } from '../../store/tables.ts'
import type { LiveApi } from '../connection/live-api.ts'
import { backoffMs, pause, type Environment } from '../environment.ts'
import { withOutboxLock } from './outbox-lock.ts'

const MAX_PARALLEL_CHATS = 6

/** With these errors the server says that it will never accept the message as it is. After any other error the message is sent again. */
const REFUSALS: AppErrorCode[] = [
  'chat.forbidden',
  'chat.not_found',
  'message.conflict',
  'message.too_long',
  'message.empty',
  'message.client_id_expired',
  'input.invalid',
  'request.too_large',
]

export type OutboxDeps = {
  store: Store
  api: LiveApi
  environment: Environment
  /** The server's time: with a wrong clock of the device, a new client id could look expired. */
  serverNow: () => number
  onSignedOut: () => void
}

/**
 * Messages that were composed and not yet acknowledged. They are sent in the order of composing, each chat by itself, under the same
 * client id until the server answers. They are in the database, so another tab or the next start goes on with them.
 */
export class Outbox {
  readonly #deps: OutboxDeps
  readonly #stopped = new AbortController()
  #isSending = false
  #isRequested = false
  /** Resolves when there may be something new to send. */
  #request = Promise.withResolvers<void>()
  /** Aborts the pauses before messages are sent again. */
  #retry = new AbortController()

  constructor(deps: OutboxDeps) {
    this.#deps = deps
  }

  /** Stores the message in the outbox, and sends it as soon as possible. */
  async add(chatId: ChatId, text: string): Promise<ClientId> {
    const { store, serverNow } = this.#deps
    const now = serverNow()
    const clientId = newId<ClientId>(now)
    const composed = { clientId, chatId, body: cleanText(text), composedAt: new Date(now).toISOString() }
    await store.merge((merge) => queueMessage(merge, composed), ['outbox', 'drafts'])
    this.send()
    return clientId
  }

  async resend(clientId: ClientId): Promise<void> {
    const { store, serverNow } = this.#deps
    await store.merge((merge) => requeueMessage(merge, clientId, newId<ClientId>(serverNow())), ['outbox'])
    this.send()
  }

  cancel(clientId: ClientId): Promise<void> {
    return this.#deps.store.merge((merge) => cancelMessage(merge, clientId), ['outbox'])
  }

  /** How many messages only this device has. */
  async count(): Promise<number> {
    return (await this.#deps.store.read((tx) => tx.all('outbox'), ['outbox'])).length
  }

  /** Sends what is in the outbox, unless that is under way. */
  send(): void {
    if (this.#stopped.signal.aborted) return
    this.#request.resolve()
    this.#request = Promise.withResolvers()
    this.#isRequested = true
    if (this.#isSending) return
    this.#isSending = true
    void this.#sendWhileRequested()
  }

  /** The connection is back: ends the pauses between attempts. */
  retryNow(): void {
    this.#retry.abort()
    this.#retry = new AbortController()
    this.send()
  }

  /** Starts no more requests. A message whose answer is lost now is sent again at the next start. */
  stop(): void {
    this.#stopped.abort()
    this.#retry.abort()
    this.#request.resolve()
  }

  /** A message may be composed between the last read of the outbox and the release of the lock, so it is read again after that. */
  async #sendWhileRequested(): Promise<void> {
    const { store, environment } = this.#deps
    while (this.#isRequested && !this.#stopped.signal.aborted) {
      this.#isRequested = false
      try {
        if ((await this.#unsent()).length === 0) continue
        const deps = { store, environment, stopped: this.#stopped.signal }
        await withOutboxLock(deps, (signal) => this.#sendAll(signal))
      } catch {
        // The database could not be read. It may work in a moment, and nothing is lost until then.
        await pause(environment, 1_000, this.#stopped.signal)
      }
      // Another tab may have stolen the lock before all was sent.
      this.#isRequested ||= (await this.#unsent().catch(() => [])).length > 0
    }
    this.#isSending = false
  }

  async #sendAll(signal: AbortSignal): Promise<void> {
    const requests = new Map<ChatId, Promise<void>>()
    while (!signal.aborted) {
      const requested = this.#request.promise
      for (const item of firstOfEachChat(await this.#unsent())) {
        if (requests.has(item.chatId) || requests.size >= MAX_PARALLEL_CHATS) continue
        const request = this.#sendItem(item, signal).finally(() => requests.delete(item.chatId))
        requests.set(item.chatId, request)
      }
      if (requests.size === 0) return
      await Promise.race([requested, ...requests.values()])
    }
  }

  /** Tries until the server has stored or refused the message, or this tab loses the lock. */
  async #sendItem(item: OutboxItem, signal: AbortSignal): Promise<void> {
    const { store, api, environment } = this.#deps
    for (let attempt = 0; !signal.aborted; attempt++) {
      let delayMs = backoffMs(environment, attempt, 1_000, 30_000)
      try {
        if (environment.online()) {
          const answer = await api.send({ chatId: item.chatId, clientId: item.clientId, body: item.body })
          await store.merge((merge) => markSent(merge, item, answer))
          // From now on there is something here that its author expects to find again.
          return environment.persistStorage()
        }
      } catch (thrown) {
        const { code, retryAfterSeconds } = appError(thrown)
        if (code === 'auth.required') return this.#endSession()
        if (isRefusal(code)) return await store.merge((merge) => markRefused(merge, item, code), ['outbox'])
        delayMs = Math.max(delayMs, (retryAfterSeconds ?? 0) * 1_000)
      }
      await pause(environment, delayMs, AbortSignal.any([signal, this.#retry.signal]))
    }
  }

  #endSession(): void {
    this.stop()
    this.#deps.onSignedOut()
  }

  async #unsent(): Promise<OutboxItem[]> {
    const items = await this.#deps.store.read((tx) => tx.all('outbox'), ['outbox'])
    return items.filter((item) => item.refusal === null).sort((a, b) => a.order - b.order)
  }
}

function firstOfEachChat(items: OutboxItem[]): OutboxItem[] {
  return [...Map.groupBy(items, (item) => item.chatId).values()].flatMap((ofChat) => ofChat.slice(0, 1))
}

function isRefusal(code: AppErrorCode): code is ErrorCode {
  return REFUSALS.includes(code)
}
