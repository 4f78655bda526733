import type { LiveFrame } from '@veche/shared/live'
import { appError } from '../api/error.ts'
import type { LiveApi, Socket } from './api.ts'
import { jitter, type World } from './world.ts'

const HELLO_MS = 10_000
const PONG_MS = 3_000
const SPREAD_MS = 3_000
const LONGEST_MS = 15_000

/** idle: not started, or stopped · trying: a socket is being opened · open: the server has said hello · waiting: between two attempts */
export type ConnectionState = 'idle' | 'trying' | 'open' | 'waiting'

export type ConnectionEvents = {
  frame(frame: LiveFrame): void
  changed(): void
  /** The socket could not be had: perhaps there is no server, perhaps no session. */
  refused(): void
  signedOut(): void
}

/** Keeps one socket open, whatever happens to it. */
export class Connection {
  state: ConnectionState = 'idle'
  /** Attempts since the last hello that came to nothing. */
  failures = 0
  readonly #api: LiveApi
  readonly #world: World
  readonly #events: ConnectionEvents
  #socket: Socket | undefined
  #cancel: (() => void) | undefined
  #unwatch: (() => void)[] = []

  constructor(api: LiveApi, world: World, events: ConnectionEvents) {
    this.#api = api
    this.#world = world
    this.#events = events
  }

  start(): void {
    if (this.state !== 'idle') return
    this.#unwatch = [this.#world.onWake(() => this.wake()), this.#world.onNetwork(() => this.wake())]
    this.#try()
  }

  stop(): void {
    for (const unwatch of this.#unwatch.splice(0)) unwatch()
    this.#drop()
    this.#enter('idle')
  }

  /** After a sleep `open` proves nothing: a socket that does not answer is dropped, and a new one is tried at once. */
  wake(): void {
    if (this.state === 'waiting' && this.#world.online()) this.#try()
    else if (this.state === 'open') this.#probe()
    else this.#events.changed()
  }

  /** Begins anew with another socket. */
  restart(): void {
    if (this.state === 'idle') return
    this.#drop()
    this.#try()
  }

  #try(): void {
    this.#cancel?.()
    this.#enter('trying')
    const socket: Socket = this.#api.listen({
      frame: (frame) => {
        if (this.#socket !== socket) return
        if (frame.type === 'hello') this.#opened()
        this.#events.frame(frame)
      },
      closed: (error) => {
        if (this.#socket === socket) this.#closed(error)
      },
    })
    this.#socket = socket
    this.#cancel = this.#world.after(HELLO_MS, () => this.#lost(socket))
  }

  #opened(): void {
    this.#cancel?.()
    this.failures = 0
    this.#enter('open')
  }

  #closed(error: unknown): void {
    const wasOpen = this.state === 'open'
    this.#drop()
    if (error !== undefined && appError(error).code === 'auth.required') {
      this.#enter('idle')
      this.#events.signedOut()
      return
    }
    if (!wasOpen) {
      this.failures += 1
      this.#events.refused()
      if (this.state === 'idle') return
    }
    this.#enter('waiting')
    this.#cancel = this.#world.after(jitter(this.#world, this.failures, SPREAD_MS, LONGEST_MS), () => {
      if (this.#world.online()) this.#try()
    })
  }

  #probe(): void {
    const socket = this.#socket
    if (!socket) return
    const cancel = this.#world.after(PONG_MS, () => this.#lost(socket))
    this.#cancel = cancel
    socket.ping().then(cancel, () => this.#lost(socket))
  }

  #lost(socket: Socket): void {
    if (this.#socket !== socket) return
    if (this.state === 'open') return this.restart()
    this.#closed(undefined)
  }

  #drop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
  }

  #enter(state: ConnectionState): void {
    if (this.state === state) return
    this.state = state
    this.#events.changed()
  }
}
