import type { ErrorCode } from '@veche/shared/errors'
import { newId, type ClientId, type ChatId } from '@veche/shared/ids'
import { cleanText } from '@veche/shared/limits'
import { appError, type AppErrorCode } from '../api/error.ts'
import { cancel, queue, refused, requeue, sent } from '../store/sending.ts'
import type { Store } from '../store/Store.ts'
import type { OutboxItem } from '../store/tables.ts'
import type { LiveApi } from './api.ts'
import type { Intake } from './Intake.ts'
import { takeTurns } from './turns.ts'
import { jitter, pause, type World } from './world.ts'

const LANES = 6

/** What the server will never take as it is. Everything else is tried again. */
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
  world: World
  intake: Intake
  /** The server's time: a wrong clock must not age a client id. */
  serverNow: () => number
  signedOut: () => void
}

/**
 * What was written and not yet acknowledged. It is sent in the order of composing, each chat on its own, under the same client id
 * until it is answered; whoever opens this person's database next goes on where the last one was stopped.
 */
export class Outbox {
  readonly #deps: OutboxDeps
  readonly #stopped = new AbortController()
  #working = false
  #again = false
  #nudge = Promise.withResolvers<void>()
  #retry = new AbortController()

  constructor(deps: OutboxDeps) {
    this.#deps = deps
  }

  async add(chatId: ChatId, text: string): Promise<ClientId> {
    const { intake, serverNow } = this.#deps
    const now = serverNow()
    const composed = { clientId: newId<ClientId>(now), chatId, body: cleanText(text) }
    await intake.commit((merge) => queue(merge, { ...composed, composedAt: new Date(now).toISOString() }))
    this.work()
    return composed.clientId
  }

  async resend(clientId: ClientId): Promise<void> {
    await this.#deps.intake.commit((merge) => requeue(merge, clientId, newId<ClientId>(this.#deps.serverNow())))
    this.work()
  }

  cancel(clientId: ClientId): Promise<void> {
    return this.#deps.intake.commit((merge) => cancel(merge, clientId))
  }

  /** How many messages only this device has. */
  async count(): Promise<number> {
    return (await this.#deps.store.read((tx) => tx.all('outbox'))).length
  }

  /** There may be something to send. */
  work(): void {
    if (this.#stopped.signal.aborted) return
    this.#nudge.resolve()
    this.#nudge = Promise.withResolvers()
    this.#again = true
    if (this.#working) return
    this.#working = true
    void this.#workWhileAsked()
  }

  /** The way is free again: nobody waits for the end of a pause. */
  retryNow(): void {
    this.#retry.abort()
    this.#retry = new AbortController()
    this.work()
  }

  /** Nothing is begun any more; what is under way ends by itself, and is told again by the next one if its answer is lost. */
  stop(): void {
    this.#stopped.abort()
    this.#retry.abort()
    this.#nudge.resolve()
  }

  /** Whatever was composed between the last look and the end of a turn asked again. */
  async #workWhileAsked(): Promise<void> {
    const { store, world } = this.#deps
    while (this.#again && !this.#stopped.signal.aborted) {
      this.#again = false
      try {
        if ((await this.#waiting()).length === 0) continue
        await takeTurns({ store, world, stopped: this.#stopped.signal }, (signal) => this.#sendAll(signal))
      } catch {
        // The database could not be read. It may be in a moment, and nothing is lost until then.
        await pause(world, 1_000, this.#stopped.signal)
      }
      // A turn that was taken away left something behind.
      this.#again ||= (await this.#waiting().catch(() => [])).length > 0
    }
    this.#working = false
  }

  async #sendAll(signal: AbortSignal): Promise<void> {
    const lanes = new Map<ChatId, Promise<void>>()
    while (!signal.aborted) {
      const nudged = this.#nudge.promise
      for (const item of heads(await this.#waiting())) {
        if (lanes.has(item.chatId) || lanes.size >= LANES) continue
        const lane = this.#send(item, signal).finally(() => lanes.delete(item.chatId))
        lanes.set(item.chatId, lane)
      }
      if (lanes.size === 0) return
      await Promise.race([nudged, ...lanes.values()])
    }
  }

  /** Until it is stored, refused for good, or somebody else's turn. */
  async #send(item: OutboxItem, signal: AbortSignal): Promise<void> {
    const { api, intake, world } = this.#deps
    for (let attempt = 0; !signal.aborted; attempt++) {
      let wait = jitter(world, attempt, 1_000, 30_000)
      try {
        if (world.online()) {
          const answer = await api.send({ chatId: item.chatId, clientId: item.clientId, body: item.body })
          return await intake.commit((merge) => sent(merge, item, answer))
        }
      } catch (thrown) {
        const error = appError(thrown)
        if (error.code === 'auth.required') return this.#signOut()
        if (isRefusal(error.code)) return await intake.commit((merge) => refused(merge, item, error.code as ErrorCode))
        wait = Math.max(wait, (error.retryAfter ?? 0) * 1_000)
      }
      await pause(world, wait, AbortSignal.any([signal, this.#retry.signal]))
    }
  }

  #signOut(): void {
    this.stop()
    this.#deps.signedOut()
  }

  async #waiting(): Promise<OutboxItem[]> {
    const items = await this.#deps.store.read((tx) => tx.all('outbox'))
    return items.filter((item) => item.refusal === null).sort((a, b) => a.order - b.order)
  }
}

/** The first of each chat. */
function heads(items: OutboxItem[]): OutboxItem[] {
  return [...Map.groupBy(items, (item) => item.chatId).values()].flatMap((ofChat) => ofChat.slice(0, 1))
}

function isRefusal(code: AppErrorCode): boolean {
  return REFUSALS.includes(code)
}
