import { createTRPCClient, createWSClient, TRPCClientError, wsLink } from '@trpc/client'
import type { ErrorCode } from '@veche/shared/errors'
import WebSocket from 'ws'
import { routerCapabilities } from '../media/codecs.ts'
import type { JoinedFrame, RoomFrame } from '../signalling/frames.ts'
import type { SfuRouter } from '../router.ts'

type Input = Parameters<ReturnType<typeof newClient>['trpc']['room']['join']['subscribe']>[0]

function newClient(url: string) {
  // Unlike Node's own WebSocket, this one can be terminated.
  const sockets: WebSocket[] = []
  class Observed extends WebSocket {
    constructor(address: string | URL) {
      super(address)
      this.on('error', () => undefined)
      sockets.push(this)
    }
  }
  const ws = createWSClient({
    url,
    WebSocket: Observed as unknown as typeof globalThis.WebSocket,
    retryDelayMs: () => 1e9,
  })
  return { trpc: createTRPCClient<SfuRouter>({ links: [wsLink({ client: ws })] }), ws, socket: () => sockets.at(-1) }
}

/** The signalling of a browser without a browser: one socket that never reconnects. */
export class TestClient {
  readonly frames: RoomFrame[] = []
  /** The error that ended the subscription. */
  error: ErrorCode | 'closed' | undefined
  readonly #client: ReturnType<typeof newClient>
  #wake: (() => void)[] = []

  constructor(url: string) {
    this.#client = newClient(url)
  }

  get call() {
    return this.#client.trpc
  }

  get joined(): JoinedFrame {
    const frame = this.frames.find((one) => one.type === 'joined')
    if (frame?.type !== 'joined') throw new Error('the client has not joined')
    return frame
  }

  enter(input: Input): void {
    this.error = undefined
    this.#client.trpc.room.join.subscribe(input, {
      onData: (frame) => this.#change(() => this.frames.push(frame)),
      onError: (error) => this.#change(() => (this.error = codeOf(error) ?? 'closed')),
      onComplete: () => this.#change(() => (this.error ??= 'closed')),
    })
  }

  async join(
    ticket: string,
    tiles: { seatId: string; source: 'cam' | 'screen'; width: number; height: number }[] = [],
  ): Promise<JoinedFrame> {
    this.enter({ ticket, rtpCapabilities: routerCapabilities, view: { tiles, first: 0 } })
    return this.#joined()
  }

  async resume(secret: string): Promise<JoinedFrame> {
    this.enter({ resume: secret })
    return this.#joined()
  }

  /** Waits for the first frame of this type that satisfies, among those that have come and those to come. */
  async frame<T extends RoomFrame['type']>(
    type: T,
    satisfies: (frame: Extract<RoomFrame, { type: T }>) => boolean = () => true,
  ): Promise<Extract<RoomFrame, { type: T }>> {
    const isIt = (one: RoomFrame): one is Extract<RoomFrame, { type: T }> => one.type === type
    for (;;) {
      const found = this.frames.filter(isIt).find(satisfies)
      if (found) return found
      if (this.error) throw new Error(`the subscription ended with ${this.error} before ${type}`)
      await this.#nextChange()
    }
  }

  /** Waits for the end of the subscription. */
  async ended(): Promise<ErrorCode | 'closed'> {
    while (!this.error) await this.#nextChange()
    return this.error
  }

  get socket(): WebSocket {
    const socket = this.#client.socket()
    if (!socket) throw new Error('the client has no socket')
    return socket
  }

  /** Drops the socket without a close frame, as a lost network does. */
  dropSocket(): void {
    this.socket.terminate()
  }

  close(): void {
    void this.#client.ws.close()
    this.#client.socket()?.terminate()
  }

  async #joined(): Promise<JoinedFrame> {
    while (!this.error && this.frames.length === 0) await this.#nextChange()
    if (this.error) throw new Error(this.error)
    return this.joined
  }

  #change(apply: () => void): void {
    apply()
    for (const wake of this.#wake.splice(0)) wake()
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }
}

export function codeOf(error: unknown): ErrorCode | undefined {
  if (!(error instanceof TRPCClientError)) return undefined
  const data: unknown = error.data
  if (typeof data !== 'object' || data === null || !('veche' in data)) return undefined
  return (data.veche as { code: ErrorCode }).code
}

/** The code with which a call is refused. */
export async function refusal(call: Promise<unknown>): Promise<ErrorCode | 'accepted' | undefined> {
  return call.then(
    () => 'accepted' as const,
    (error: unknown) => codeOf(error),
  )
}
