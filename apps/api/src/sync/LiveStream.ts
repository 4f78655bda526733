import type { ScopeId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { LiveFrame } from '@veche/shared/live'
import type { Actor, Socket } from '../ctx.ts'

/** A reader with more frames than this in its queue is told to ask for the state instead. */
const maxQueuedFrames = 1_000

export type ClientAddress = { ip: string; device: string }

type NewStream = {
  actor: Actor
  socket: Socket
  openedAt: number
  address: ClientAddress
  hello: () => LiveFrame
}

/** The live stream of one tab. Frames wait here until the socket takes them; a reader that is too slow loses them and is told so. */
export class LiveStream {
  readonly actor: Actor
  readonly scopes = new Set<ScopeId>()
  readonly openedAt: number
  readonly address: ClientAddress
  readonly #socket: Socket
  readonly #hello: () => LiveFrame
  #queue: LiveFrame[] = []
  #wake: (() => void) | undefined
  #endedBy: 'close' | 'session' | undefined

  constructor({ actor, socket, openedAt, address, hello }: NewStream) {
    this.actor = actor
    this.openedAt = openedAt
    this.address = address
    this.#socket = socket
    this.#hello = hello
  }

  get ended(): boolean {
    return this.#endedBy !== undefined
  }

  /** Whether it ended because its session is over. */
  get sessionOver(): boolean {
    return this.#endedBy === 'session'
  }

  isOn(socket: Socket): boolean {
    return this.#socket === socket
  }

  push(frame: LiveFrame): void {
    if (this.#endedBy) return
    if (this.#socket.bufferedAmount > limits.frameBytes) return this.#cutSlowReader()
    if (this.#queue.length >= maxQueuedFrames) this.#queue = [this.#hello()]
    else this.#queue.push(frame)
    this.#wake?.()
  }

  end(by: 'close' | 'session'): void {
    if (this.#endedBy) return
    this.#endedBy = by
    this.#queue = []
    this.#wake?.()
  }

  /** Hello, and then every frame that is pushed, until the stream ends. tRPC sends each to the socket when it has taken the last. */
  async *frames(signal: AbortSignal | undefined): AsyncGenerator<LiveFrame, void> {
    signal?.addEventListener('abort', () => this.end('close'), { once: true })
    if (!this.#endedBy) yield this.#hello()
    while (!this.#endedBy) {
      const frame = this.#queue.shift()
      if (frame) yield frame
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #cutSlowReader(): void {
    this.end('close')
    this.#socket.terminate()
  }
}
