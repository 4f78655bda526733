import type { LiveFrame } from '@veche/shared/live'
import { appError } from '../../api/error.ts'
import type { LiveApi, Socket } from './live-api.ts'
import { backoffMs, type Environment } from '../environment.ts'

const HELLO_TIMEOUT_MS = 10_000
/** Notices a server that hangs, and a proxy that dropped the connection without closing it. */
const PING_EVERY_MS = 15_000
const PONG_TIMEOUT_MS = 5_000
/** After sleep a dead socket is likely, and a person waits. */
const WAKE_PONG_TIMEOUT_MS = 3_000
const FIRST_BACKOFF_MS = 3_000
const MAX_BACKOFF_MS = 15_000

/** idle: not started, or stopped · connecting: a socket is opening · open: the server has sent hello · backoff: between two attempts */
export type ConnectionState = 'idle' | 'connecting' | 'open' | 'backoff'

export type ConnectionEvents = {
  frame(frame: LiveFrame): void
  changed(): void
  /** A socket did not open: the server may be down, or the session may be over. */
  failed(): void
  signedOut(): void
}

/** Keeps one socket open: opens another when it is lost. */
export class Connection {
  state: ConnectionState = 'idle'
  /** Failed attempts since the last hello. */
  failures = 0
  readonly #api: LiveApi
  readonly #environment: Environment
  readonly #events: ConnectionEvents
  #socket: Socket | undefined
  #cancelTimer: (() => void) | undefined
  #unwatch: (() => void)[] = []

  constructor(api: LiveApi, environment: Environment, events: ConnectionEvents) {
    this.#api = api
    this.#environment = environment
    this.#events = events
  }

  start(): void {
    if (this.state !== 'idle') return
    this.#unwatch = [this.#environment.onWake(() => this.wake()), this.#environment.onNetwork(() => this.wake())]
    this.#connect()
  }

  stop(): void {
    for (const unwatch of this.#unwatch.splice(0)) unwatch()
    this.#drop()
    this.#setState('idle')
  }

  /** After sleep an open socket may be dead: it is pinged, and replaced at once if it does not answer. */
  wake(): void {
    if (this.state === 'backoff' && this.#environment.online()) this.#connect()
    else if (this.state === 'open') this.#ping(WAKE_PONG_TIMEOUT_MS)
    else this.#events.changed()
  }

  /** Replaces the socket by a new one. */
  restart(): void {
    if (this.state === 'idle') return
    this.#drop()
    this.#connect()
  }

  #connect(): void {
    this.#cancelTimer?.()
    this.#setState('connecting')
    const socket: Socket = this.#api.listen({
      frame: (frame) => {
        if (this.#socket !== socket) return
        if (frame.type === 'hello') this.#onHello()
        this.#events.frame(frame)
      },
      closed: (error) => {
        if (this.#socket === socket) this.#onClosed(error)
      },
    })
    this.#socket = socket
    this.#cancelTimer = this.#environment.after(HELLO_TIMEOUT_MS, () => this.#onSilent(socket))
  }

  #onHello(): void {
    this.#cancelTimer?.()
    this.failures = 0
    this.#setState('open')
    this.#pingLater()
  }

  #onClosed(error: unknown): void {
    const wasOpen = this.state === 'open'
    this.#drop()
    if (error !== undefined && appError(error).code === 'auth.required') {
      this.#setState('idle')
      this.#events.signedOut()
      return
    }
    if (!wasOpen) {
      this.failures += 1
      this.#events.failed()
      if (this.state === 'idle') return
    }
    this.#setState('backoff')
    this.#cancelTimer = this.#environment.after(
      backoffMs(this.#environment, this.failures, FIRST_BACKOFF_MS, MAX_BACKOFF_MS),
      () => {
        if (this.#environment.online()) this.#connect()
      },
    )
  }

  #pingLater(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#environment.after(PING_EVERY_MS, () => this.#ping(PONG_TIMEOUT_MS))
  }

  /** A socket that is closed in the usual way would wait for the server to agree, for a minute. */
  #ping(timeoutMs: number): void {
    const socket = this.#socket
    if (!socket) return
    this.#cancelTimer?.()
    this.#cancelTimer = this.#environment.after(timeoutMs, () => this.#onSilent(socket))
    const answered = () => {
      if (this.#socket === socket && this.state === 'open') this.#pingLater()
    }
    socket.ping().then(answered, () => this.#onSilent(socket))
  }

  #onSilent(socket: Socket): void {
    if (this.#socket !== socket) return
    if (this.state === 'open') return this.restart()
    this.#onClosed(undefined)
  }

  #drop(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
  }

  #setState(state: ConnectionState): void {
    if (this.state === state) return
    this.state = state
    this.#events.changed()
  }
}
