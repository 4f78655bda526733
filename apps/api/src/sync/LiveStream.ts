import type { ScopeId } from '@veche/shared/ids'
import type { LiveFrame } from '@veche/shared/live'
import type { Actor, Socket } from '../ctx.ts'

export type ClientAddress = { ip: string; device: string }

type NewStream = {
  actor: Actor
  socket: Socket
  openedAt: number
  address: ClientAddress
  hello: LiveFrame
}

/** The live stream of one tab. */
export class LiveStream {
  readonly actor: Actor
  readonly scopes = new Set<ScopeId>()
  readonly openedAt: number
  readonly address: ClientAddress
  readonly #socket: Socket
  readonly #hello: LiveFrame
  #hasBegun = false
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

  /** Frames before `hello` are dropped: after `hello` the client asks for the state, and that answer has them. */
  push(frame: LiveFrame): void {
    if (!this.#endedBy && this.#hasBegun) this.#socket.send(frame)
  }

  end(by: 'close' | 'session'): void {
    if (this.#endedBy) return
    this.#endedBy = by
    this.#wake?.()
  }

  /** Hello is for tRPC to send, which knows when the stream begins and when it ends. The frames between go straight to the socket. */
  async *frames(signal: AbortSignal | undefined): AsyncGenerator<LiveFrame, void> {
    signal?.addEventListener('abort', () => this.end('close'), { once: true })
    const hello = this.#hello
    if (!this.#endedBy) yield hello
    this.#hasBegun = true
    if (!this.#endedBy) await new Promise<void>((resolve) => (this.#wake = resolve))
  }
}
