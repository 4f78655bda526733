import { createTRPCClient, type TRPCClient } from '@trpc/client'
import { createWSClient, wsLink } from '@trpc/client/links/wsLink/wsLink'
import type { JoinedFrame, RoomFrame, SfuRouter } from '@veche/sfu/router'
import type { ReconnectReason } from '@veche/shared/meetings'
import { AppError, appError } from '#lib/api/error.ts'
import { abortable, type Environment } from '#lib/live/environment.ts'

type NodeClient = TRPCClient<SfuRouter>
export type RoomJoin = Parameters<NodeClient['room']['join']['subscribe']>[0]
/** Calls a procedure of the node. Rejects with an AppError, also as soon as the socket is lost. */
export type CallNode = <T>(call: (node: NodeClient) => Promise<T>) => Promise<T>
export type SocketLoss = Extract<ReconnectReason, 'socket_closed' | 'socket_silent'>
type Listener = {
  frame(frame: RoomFrame): void
  /** Called once, when a socket that had joined is lost; never after `close`. */
  lost(reason: SocketLoss): void
}
type Options = {
  /** The wss address of the node, or a path of our own origin. */
  sfuUrl: string
  input: RoomJoin
  environment: Environment
}

const PING_EVERY_MS = 2_000
const PONG_TIMEOUT_MS = 3_000
/** tRPC would reconnect after this time and repeat what it sent, but the socket is closed long before. */
const UNUSED_RETRY_MS = 60_000

/** One WebSocket to a media node, for one attempt to join or to resume. It never reconnects by itself. */
export class SignallingSocket {
  readonly callNode: CallNode
  readonly #socket: ReturnType<typeof createWSClient>
  readonly #environment: Environment
  readonly #closed = new AbortController()
  readonly #joined = Promise.withResolvers<JoinedFrame>()
  readonly #earlyFrames: RoomFrame[] = []
  #listener: Listener | null = null
  #hasJoined = false
  #loss: SocketLoss | null = null
  #lastMessageAt: number
  #cancelTimer: (() => void) | undefined

  constructor({ sfuUrl, input, environment }: Options) {
    this.#environment = environment
    this.#lastMessageAt = environment.now()
    this.#joined.promise.catch(() => undefined)
    this.#socket = createWSClient({
      url: nodeUrl(sfuUrl),
      retryDelayMs: () => UNUSED_RETRY_MS,
      onOpen: () => this.#watch(),
      onClose: () => this.#lose(new AppError('network.unreachable')),
      onError: () => this.#lose(new AppError('network.unreachable')),
    })
    const node = createTRPCClient<SfuRouter>({ links: [wsLink({ client: this.#socket })] })
    this.callNode = (call) => abortable(this.#closed.signal, call(node)).catch(rethrow)
    node.room.join.subscribe(input, {
      onData: (frame) => this.#receive(frame),
      onError: (error) => this.#lose(appError(error)),
      onComplete: () => this.#lose(new AppError('network.unreachable')),
    })
  }

  /** Resolves with the first frame. When `signal` aborts before it comes, the socket is closed. */
  async joined(signal: AbortSignal): Promise<JoinedFrame> {
    const close = () => this.close()
    if (signal.aborted) close()
    signal.addEventListener('abort', close, { once: true })
    try {
      return await this.#joined.promise
    } catch (thrown) {
      close()
      throw thrown
    } finally {
      signal.removeEventListener('abort', close)
    }
  }

  /** Frames that came after the first one and before this call are delivered now. */
  listen(listener: Listener): void {
    this.#listener = listener
    for (const frame of this.#earlyFrames.splice(0)) listener.frame(frame)
    if (this.#loss) listener.lost(this.#loss)
  }

  /** Pings the node now. Without an answer in time the socket is lost. */
  probe(): void {
    const ws = this.#socket.connection?.ws
    if (this.#closed.signal.aborted || ws?.readyState !== 1) return
    const sentAt = this.#environment.now()
    ws.send('PING')
    this.#schedule(PONG_TIMEOUT_MS, () => {
      if (this.#lastMessageAt < sentAt) this.#lose(new AppError('network.timeout'))
      else this.#scheduleProbe()
    })
  }

  /** Nothing is reported any longer, not even that the socket is lost. */
  close(): void {
    this.#close(new AppError('network.unreachable'))
  }

  #watch(): void {
    this.#socket.connection?.ws.addEventListener('message', () => (this.#lastMessageAt = this.#environment.now()))
    this.#scheduleProbe()
  }

  #scheduleProbe(): void {
    this.#schedule(PING_EVERY_MS, () => this.probe())
  }

  #schedule(ms: number, run: () => void): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#environment.after(ms, run)
  }

  #receive(frame: RoomFrame): void {
    if (this.#closed.signal.aborted) return
    if (this.#hasJoined && this.#listener) this.#listener.frame(frame)
    else if (this.#hasJoined) this.#earlyFrames.push(frame)
    else if (frame.type === 'joined') {
      this.#hasJoined = true
      this.#joined.resolve(frame)
    } else this.#lose(new AppError(frame.type === 'ended' ? 'call.ended' : 'server.error'))
  }

  #lose(error: AppError): void {
    if (this.#closed.signal.aborted) return
    this.#close(error)
    if (!this.#hasJoined) return
    this.#loss = error.code === 'network.timeout' ? 'socket_silent' : 'socket_closed'
    this.#listener?.lost(this.#loss)
  }

  #close(error: AppError): void {
    this.#closed.abort()
    this.#cancelTimer?.()
    this.#joined.reject(error)
    void this.#socket.close()
  }
}

function nodeUrl(sfuUrl: string): string {
  return sfuUrl.startsWith('/') ? location.origin.replace(/^http/, 'ws') + sfuUrl : sfuUrl
}

function rethrow(thrown: unknown): never {
  throw appError(thrown)
}
