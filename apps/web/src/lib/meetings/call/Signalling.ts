import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client'
import type { JoinedFrame, RoomFrame, SfuRouter } from '@veche/sfu/router'
import { AppError, appError } from '#lib/api/error.ts'
import { abortable, type Environment } from '#lib/live/environment.ts'

type Join = Parameters<TRPCClient<SfuRouter>['room']['join']['subscribe']>[0]
type Options = {
  url: string
  input: Join
  environment: Environment
  frame(frame: RoomFrame): void
  /** The socket is gone; comes once, after it had joined and before it was closed from here. */
  lost(error: AppError): void
}
type Node = TRPCClient<SfuRouter>
/** Calls to the node; each rejects with an AppError, as soon as the socket is gone. */
export type Ask = <T>(call: (node: Node) => Promise<T>) => Promise<T>

const PING_MS = 2_000
const PONG_MS = 3_000
/** The client is closed before its own attempt to reconnect would begin: what it would send again is old. */
const NEVER_REACHED_MS = 60_000

/** One socket to a media node: one attempt to join or to come back. It never tries again by itself. */
export class Signalling {
  readonly joined: Promise<JoinedFrame>
  readonly ask: Ask
  readonly #socket: ReturnType<typeof createWSClient>
  readonly #options: Options
  readonly #over = new AbortController()
  readonly #first = Promise.withResolvers<JoinedFrame>()
  #isIn = false
  #heardAt: number
  #cancel: (() => void) | undefined

  constructor(options: Options) {
    this.#options = options
    this.#heardAt = options.environment.now()
    this.joined = this.#first.promise
    this.joined.catch(() => undefined)
    this.#socket = createWSClient({
      url: options.url,
      retryDelayMs: () => NEVER_REACHED_MS,
      onOpen: () => this.#listen(),
      onClose: () => this.#end(new AppError('network.unreachable')),
      onError: () => this.#end(new AppError('network.unreachable')),
    })
    const node = createTRPCClient<SfuRouter>({ links: [wsLink({ client: this.#socket })] })
    this.ask = (call) => abortable(this.#over.signal, call(node)).catch(rethrow)
    node.room.join.subscribe(options.input, {
      onData: (frame) => this.#hear(frame),
      onError: (error) => this.#end(appError(error)),
      onComplete: () => this.#end(new AppError('network.unreachable')),
    })
  }

  /** Asks for a sign of life; without one in time the socket is lost. */
  probe(): void {
    const { connection } = this.#socket
    const ws = connection?.ws
    if (this.#over.signal.aborted || ws?.readyState !== 1) return
    const asked = this.#options.environment.now()
    ws.send('PING')
    this.#cancel?.()
    this.#cancel = this.#options.environment.after(PONG_MS, () => {
      if (this.#heardAt < asked) this.#end(new AppError('network.timeout'))
      else this.#rest()
    })
  }

  /** Says nothing to anybody any longer. */
  close(): void {
    this.#stop(new AppError('network.unreachable'))
  }

  #listen(): void {
    this.#socket.connection?.ws.addEventListener('message', () => (this.#heardAt = this.#options.environment.now()))
    this.#rest()
  }

  #rest(): void {
    this.#cancel?.()
    this.#cancel = this.#options.environment.after(PING_MS, () => this.probe())
  }

  #hear(frame: RoomFrame): void {
    if (this.#over.signal.aborted) return
    if (!this.#isIn) {
      if (frame.type === 'joined') {
        this.#isIn = true
        this.#first.resolve(frame)
      } else if (frame.type === 'ended') this.#end(new AppError('call.ended'))
      else this.#end(new AppError('server.error'))
      return
    }
    this.#options.frame(frame)
  }

  #end(error: AppError): void {
    if (this.#over.signal.aborted) return
    const wasIn = this.#isIn
    this.#stop(error)
    if (wasIn) this.#options.lost(error)
  }

  #stop(error: AppError): void {
    this.#over.abort()
    this.#cancel?.()
    this.#first.reject(error)
    void this.#socket.close()
  }
}

export function nodeUrl(sfuUrl: string, origin: string): string {
  return sfuUrl.startsWith('/') ? origin.replace(/^http/, 'ws') + sfuUrl : sfuUrl
}

function rethrow(thrown: unknown): never {
  throw appError(thrown)
}
