import { callLimits } from '@veche/shared/meeting-limits'
import { createWorker, type types } from 'mediasoup'
import { nodeAddresses } from './addresses.ts'
import type { Stop } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { SettingsError } from '../env.ts'
import { CallError, fail } from '../errors.ts'
import { TcpQueues, tcpBufferBytes } from './TcpQueues.ts'
import { withTimeout } from './timeout.ts'

/** The load that a room which was just opened is thought to add, until its people have come and the load is measured with them. */
const newRoomLoad = 0.02
const newRoomMs = 5_000
/**
 * The buffers of the one UDP socket that carries all media of a worker: about 20 ms at a gigabit. The kernel grants at most
 * `net.core.rmem_max` and `net.core.wmem_max`.
 */
const udpBufferBytes = 2_500_000
const firstRetryMs = 50
const maxRetryMs = 2_000
/** A gap this long between two checks means that the node itself was asleep. */
const asleepMs = 2_000

type Ports = { udp: number; tcp: number }
type Running = { worker: types.Worker; server: types.WebRtcServer; stop: Stop }

/** What a worker has to know of a room. */
type RoomOnWorker = {
  readonly openedAt: number
  /** How many seats it has. */
  readonly size: number
  once(event: 'closed', listener: () => void): unknown
  close(reason: 'lost'): void
}

/** One mediasoup process with its port for UDP and TCP. When it dies, its rooms end, and a new process starts on the same port. */
export class MediaWorker {
  readonly index: number
  readonly rooms = new Set<RoomOnWorker>()
  readonly tcpQueues: TcpQueues
  /** The share of its core that it used in the last second. */
  load = 0
  readonly #deps: Deps
  #running: Running | null = null
  #started = Promise.withResolvers<void>()
  #ports: Ports
  #answeredAt = 0
  #deathCause: 'died' | 'silent' | 'memory' = 'died'
  #closed = false

  static async start(deps: Deps, index: number): Promise<MediaWorker> {
    const worker = new MediaWorker(deps, index)
    try {
      await worker.#spawn()
      return worker
    } catch (error) {
      const cause = error instanceof CallError ? (error.cause ?? error) : error
      const address = `${deps.env.MEDIA_HOST}, port ${worker.port}`
      throw new SettingsError(`Media worker ${index} does not start on ${address} (UDP and TCP): ${String(cause)}`)
    }
  }

  private constructor(deps: Deps, index: number) {
    this.#deps = deps
    this.index = index
    this.tcpQueues = new TcpQueues(deps.clock)
    const port = deps.env.MEDIA_PORT === 0 ? 0 : deps.env.MEDIA_PORT + index
    this.#ports = { udp: port, tcp: port }
  }

  get isAlive(): boolean {
    return this.#running !== null
  }

  /** Resolves when the process runs. */
  get started(): Promise<void> {
    return this.#started.promise
  }

  /** It gets no new rooms: the rest of its core is for the rooms that it has. */
  get isFull(): boolean {
    return this.load >= this.#deps.env.SFU_FULL_LOAD
  }

  /** The measured load, and what rooms that were opened just now will add to it. */
  get expectedLoad(): number {
    const since = this.#deps.clock.now() - newRoomMs
    return this.load + newRoomLoad * [...this.rooms].filter(({ openedAt }) => openedAt > since).length
  }

  get pid(): number | undefined {
    return this.#running?.worker.pid
  }

  get port(): number {
    return this.#ports.udp
  }

  /** Seats in the rooms of this worker. */
  get seatCount(): number {
    return [...this.rooms].reduce((sum, { size }) => sum + size, 0)
  }

  async createRouter(
    mediaCodecs: types.RouterRtpCodecCapability[],
  ): Promise<{ router: types.Router; server: types.WebRtcServer }> {
    const { worker, server } = this.#running ?? fail('call.media_lost')
    const router = await withTimeout(this.#deps, worker.createRouter({ mediaCodecs }), (late) => late.close())
    return { router, server }
  }

  /** A room on this worker. It ends with the worker. */
  addRoom(room: RoomOnWorker): void {
    this.rooms.add(room)
    room.once('closed', () => this.rooms.delete(room))
  }

  close(): void {
    this.#closed = true
    this.#running?.stop()
    this.#running?.worker.close()
    this.#running = null
  }

  async #spawn(): Promise<void> {
    const { env, log, clock } = this.#deps
    const settings = {
      logLevel: 'error' as const,
      ...(env.MEDIASOUP_WORKER_BIN && { workerBin: env.MEDIASOUP_WORKER_BIN }),
    }
    const worker = await withTimeout(this.#deps, createWorker(settings), (late) => late.close())
    try {
      const server = await withTimeout(
        this.#deps,
        worker.createWebRtcServer({ listenInfos: listenInfos(env, this.#ports) }),
      )
      // When the system chose the port, a new process must use the same one.
      if (this.#ports.udp === 0) this.#ports = portsOf(await withTimeout(this.#deps, server.dump()))
      if (this.#closed) return worker.close()
      this.#answeredAt = clock.now()
      this.#running = { worker, server, stop: clock.every(1000, this.#newCheck(worker)) }
    } catch (error) {
      worker.close()
      throw error
    }
    worker.on('died', (error) => this.#died(error))
    this.#started.resolve()
    log.info({ worker: this.index, pid: worker.pid, port: this.port }, 'a media worker is up')
  }

  /** Each second it asks for the CPU time. The answer gives the load, and shows that the worker is not hung. */
  #newCheck(worker: types.Worker): () => void {
    const { clock, metrics } = this.#deps
    let before = { used: 0, at: clock.now() }
    let checkedAt = clock.now()
    let isAsking = false
    return () => {
      const now = clock.now()
      // If the node itself was asleep, its worker could not answer either.
      if (now - checkedAt > asleepMs) this.#answeredAt = now
      checkedAt = now
      if (now - this.#answeredAt > callLimits.pingSeconds * 1000) return this.#kill(worker, 'silent')
      if (isAsking) return
      isAsking = true
      worker.getResourceUsage().then(
        ({ ru_utime, ru_stime, ru_maxrss }) => {
          isAsking = false
          if (this.#running?.worker !== worker) return
          metrics.memory.set({ worker: this.index }, ru_maxrss * 1024)
          if (ru_maxrss > this.#deps.env.SFU_WORKER_MEMORY * 1024) return this.#kill(worker, 'memory')
          const then = before
          before = { used: ru_utime + ru_stime, at: clock.now() }
          this.#answeredAt = before.at
          if (before.at > then.at) this.load = Math.max(0, (before.used - then.used) / (before.at - then.at))
          metrics.load.set({ worker: this.index }, this.load)
        },
        () => undefined,
      )
    }
  }

  /** One that does not answer serves nobody, and one that takes all memory would take the other workers with it. */
  #kill({ pid }: types.Worker, cause: 'silent' | 'memory'): void {
    this.#running?.stop()
    this.#deps.log.error({ worker: this.index, pid, cause }, 'a media worker is killed')
    this.#deathCause = cause
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      this.#deps.log.warn({ err: error, pid }, 'the media worker had already exited')
    }
  }

  #died(error: Error): void {
    if (this.#closed) return
    this.#deps.log.error({ worker: this.index, err: error, rooms: this.rooms.size }, 'a media worker died')
    this.#deps.metrics.deaths.inc({ cause: this.#deathCause })
    this.#deathCause = 'died'
    this.#running?.stop()
    this.#running = null
    this.load = 0
    this.#started = Promise.withResolvers()
    for (const room of [...this.rooms]) room.close('lost')
    void this.#restart(firstRetryMs)
  }

  async #restart(retryMs: number): Promise<void> {
    if (this.#closed) return
    try {
      await this.#spawn()
    } catch (error) {
      if (this.#closed) return
      this.#deps.log.error({ worker: this.index, err: error }, 'a media worker could not be restarted; trying again')
      this.#deps.clock.after(retryMs, () => void this.#restart(Math.min(retryMs * 2, maxRetryMs)))
    }
  }
}

/** The same port on each of our addresses, first UDP, then TCP. */
function listenInfos(env: Deps['env'], ports: Ports): types.TransportListenInfo[] {
  const addresses = env.MEDIA_HOST === '0.0.0.0' ? nodeAddresses() : [env.MEDIA_HOST]
  const announced = env.ANNOUNCED_ADDRESS
  return addresses.flatMap((ip, index) =>
    (['udp', 'tcp'] as const).map((protocol) => ({
      protocol,
      ip,
      port: ports[protocol],
      sendBufferSize: protocol === 'udp' ? udpBufferBytes : tcpBufferBytes,
      recvBufferSize: protocol === 'udp' ? udpBufferBytes : tcpBufferBytes,
      // Behind NAT the public address leads to our first one. Clients behind the same NAT use the private address.
      ...(announced && index === 0 && announced !== ip && { announcedAddress: announced, exposeInternalIp: true }),
    })),
  )
}

function portsOf({ udpSockets, tcpServers }: types.WebRtcServerDump): Ports {
  return { udp: udpSockets[0]?.port ?? 0, tcp: tcpServers[0]?.port ?? 0 }
}
