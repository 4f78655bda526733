import { limits } from '@veche/shared/limits'
import { createWorker, type types } from 'mediasoup'
import { ownAddresses } from './addresses.ts'
import type { Stop } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { SettingsError } from '../env.ts'
import { CallError, fail } from '../errors.ts'
import type { Room } from '../room/Room.ts'
import { within } from './timeout.ts'

/** A worker is full at this share of its core: the rest is for those who are in it already. */
const full = 0.7
const slowestRetry = 2_000

type Ports = { udp: number; tcp: number }
type Alive = { worker: types.Worker; server: types.WebRtcServer; stop: Stop }

/** One media process with its port for UDP and TCP. It may die: then its rooms are over, and it is made anew on the same port. */
export class MediaWorker {
  readonly index: number
  readonly rooms = new Set<Room>()
  /** Share of its core that it used in the last second. */
  load = 0
  readonly #deps: Deps
  #alive: Alive | null = null
  #up = Promise.withResolvers<void>()
  #ports: Ports
  #answeredAt = 0
  #cause: 'died' | 'silent' = 'died'
  #closed = false

  static async start(deps: Deps, index: number): Promise<MediaWorker> {
    const worker = new MediaWorker(deps, index)
    try {
      await worker.#spawn()
      return worker
    } catch (error) {
      const cause = error instanceof CallError ? (error.cause ?? error) : error
      const place = `${deps.env.MEDIA_HOST}, port ${worker.port}`
      throw new SettingsError(`Media worker ${index} does not start on ${place} (UDP and TCP): ${String(cause)}`)
    }
  }

  private constructor(deps: Deps, index: number) {
    this.#deps = deps
    this.index = index
    const port = deps.env.MEDIA_PORT === 0 ? 0 : deps.env.MEDIA_PORT + index
    this.#ports = { udp: port, tcp: port }
  }

  get alive(): boolean {
    return this.#alive !== null
  }

  /** Resolves when it lives. */
  get up(): Promise<void> {
    return this.#up.promise
  }

  get full(): boolean {
    return this.load >= full
  }

  get pid(): number | undefined {
    return this.#alive?.worker.pid
  }

  get port(): number {
    return this.#ports.udp
  }

  get peers(): number {
    return [...this.rooms].reduce((sum, { size }) => sum + size, 0)
  }

  async createRouter(
    mediaCodecs: types.RouterRtpCodecCapability[],
  ): Promise<{ router: types.Router; server: types.WebRtcServer }> {
    const { worker, server } = this.#alive ?? fail('call.media_lost')
    const router = await within(this.#deps, worker.createRouter({ mediaCodecs }), (late) => late.close())
    return { router, server }
  }

  close(): void {
    this.#closed = true
    this.#alive?.stop()
    this.#alive?.worker.close()
    this.#alive = null
  }

  async #spawn(): Promise<void> {
    const { env, log, clock } = this.#deps
    const settings = {
      logLevel: 'error' as const,
      ...(env.MEDIASOUP_WORKER_BIN && { workerBin: env.MEDIASOUP_WORKER_BIN }),
    }
    const worker = await within(this.#deps, createWorker(settings), (late) => late.close())
    try {
      const server = await within(this.#deps, worker.createWebRtcServer({ listenInfos: listenInfos(env, this.#ports) }))
      // Made anew it listens where it did before, also when it was left to the system where that is.
      if (this.#ports.udp === 0) this.#ports = portsOf(await within(this.#deps, server.dump()))
      if (this.#closed) return worker.close()
      this.#answeredAt = clock.now()
      this.#alive = { worker, server, stop: clock.every(1000, this.#watch(worker)) }
    } catch (error) {
      worker.close()
      throw error
    }
    worker.on('died', (error) => this.#died(error))
    this.#up.resolve()
    log.info({ worker: this.index, pid: worker.pid, port: this.port }, 'a media worker is up')
  }

  /** Each second: how much of its core it used, which is at once the question whether it still answers. */
  #watch(worker: types.Worker): () => void {
    const { clock, metrics } = this.#deps
    let before = { used: 0, at: clock.now() }
    let lookedAt = clock.now()
    let asking = false
    return () => {
      const now = clock.now()
      // A node that was asleep itself has no reason to call its worker dead.
      if (now - lookedAt > 2_000) this.#answeredAt = now
      lookedAt = now
      if (now - this.#answeredAt > limits.call.pingSeconds * 1000) return this.#kill(worker)
      if (asking) return
      asking = true
      worker.getResourceUsage().then(
        ({ ru_utime, ru_stime }) => {
          asking = false
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

  #kill({ pid }: types.Worker): void {
    this.#alive?.stop()
    this.#deps.log.error({ worker: this.index, pid }, 'a media worker does not answer: it is killed')
    this.#cause = 'silent'
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      this.#deps.log.warn({ err: error, pid }, 'it was gone already')
    }
  }

  #died(error: Error): void {
    if (this.#closed) return
    this.#deps.log.error({ worker: this.index, err: error, rooms: this.rooms.size }, 'a media worker died')
    this.#deps.metrics.deaths.inc({ cause: this.#cause })
    this.#cause = 'died'
    this.#alive?.stop()
    this.#alive = null
    this.load = 0
    this.#up = Promise.withResolvers()
    for (const room of [...this.rooms]) room.close('lost')
    void this.#revive(50)
  }

  async #revive(wait: number): Promise<void> {
    if (this.#closed) return
    try {
      await this.#spawn()
    } catch (error) {
      if (this.#closed) return
      this.#deps.log.error(
        { worker: this.index, err: error },
        'a media worker could not be made anew; it is tried again',
      )
      this.#deps.clock.after(wait, () => void this.#revive(Math.min(wait * 2, slowestRetry)))
    }
  }
}

/** The same port on each address of ours, first UDP, then TCP. */
function listenInfos(env: Deps['env'], ports: Ports): types.TransportListenInfo[] {
  const addresses = env.MEDIA_HOST === '0.0.0.0' ? ownAddresses() : [env.MEDIA_HOST]
  const announced = env.ANNOUNCED_ADDRESS
  return addresses.flatMap((ip, index) =>
    (['udp', 'tcp'] as const).map((protocol) => ({
      protocol,
      ip,
      port: ports[protocol],
      // Behind NAT the public address leads to the first of ours; who is behind the same NAT uses the private one.
      ...(announced && index === 0 && announced !== ip && { announcedAddress: announced, exposeInternalIp: true }),
    })),
  )
}

function portsOf({ udpSockets, tcpServers }: types.WebRtcServerDump): Ports {
  return { udp: udpSockets[0]?.port ?? 0, tcp: tcpServers[0]?.port ?? 0 }
}
