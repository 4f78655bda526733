import type { ScopeId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { LiveFrame } from '@veche/shared/live'
import type { Actor, Socket } from '../ctx.ts'

/** More frames than this waiting for one reader: it is told to ask for the state instead. */
const mostWaiting = 1_000

/** One tab's stream. Frames wait here only until the socket takes them; a reader that is too slow loses them, and is told so. */
export class Stream {
  readonly actor: Actor
  readonly scopes = new Set<ScopeId>()
  readonly since: number
  readonly connection: { ip: string; device: string }
  readonly #socket: Socket
  readonly #hello: () => LiveFrame
  #waiting: LiveFrame[] = []
  #wake: (() => void) | undefined
  #ended: 'closed' | 'session' | undefined

  constructor(given: {
    actor: Actor
    socket: Socket
    since: number
    connection: { ip: string; device: string }
    hello: () => LiveFrame
  }) {
    this.actor = given.actor
    this.since = given.since
    this.connection = given.connection
    this.#socket = given.socket
    this.#hello = given.hello
  }

  get ended(): boolean {
    return this.#ended !== undefined
  }

  isOn(socket: Socket): boolean {
    return this.#socket === socket
  }

  push(frame: LiveFrame): void {
    if (this.#ended) return
    if (this.#socket.bufferedAmount > limits.frameBytes) return this.#tooSlow()
    if (this.#waiting.length >= mostWaiting) this.#waiting = [this.#hello()]
    else this.#waiting.push(frame)
    this.#wake?.()
  }

  /** Its session is over: the client hears why, and the socket goes. */
  end(why: 'closed' | 'session'): void {
    if (this.#ended) return
    this.#ended = why
    this.#waiting = []
    this.#wake?.()
  }

  get sessionOver(): boolean {
    return this.#ended === 'session'
  }

  async *frames(signal: AbortSignal | undefined): AsyncGenerator<LiveFrame, void> {
    signal?.addEventListener('abort', () => this.end('closed'), { once: true })
    if (!this.#ended) yield this.#hello()
    while (!this.#ended) {
      const frame = this.#waiting.shift()
      if (frame) yield frame
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #tooSlow(): void {
    this.end('closed')
    this.#socket.terminate()
  }
}
