import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import { mediaCodecs } from './codecs.ts'
import type { MediaWorker } from './MediaWorker.ts'
import { Speakers } from './Speakers.ts'
import type { TcpQueues } from './TcpQueues.ts'
import { withTimeout } from './timeout.ts'

type Parts = { worker: MediaWorker; router: types.Router; server: types.WebRtcServer; speakers: Speakers }

/** The router of a room on one worker, with the observers that detect speakers. */
export class RoomRouter {
  readonly speakers: Speakers
  readonly tcpQueues: TcpQueues
  readonly #deps: Deps
  readonly #router: types.Router
  readonly #server: types.WebRtcServer

  static async open(deps: Deps, worker: MediaWorker): Promise<RoomRouter> {
    const { router, server } = await worker.createRouter(mediaCodecs)
    try {
      return new RoomRouter(deps, { worker, router, server, speakers: await Speakers.open(deps, router) })
    } catch (error) {
      router.close()
      throw error
    }
  }

  private constructor(deps: Deps, { worker, router, server, speakers }: Parts) {
    this.#deps = deps
    this.#router = router
    this.#server = server
    this.speakers = speakers
    this.tcpQueues = worker.tcpQueues
  }

  createTransport({ enableTcp }: { enableTcp: boolean }): Promise<types.WebRtcTransport> {
    return createTransport(this.#deps, this.#router, { server: this.#server, enableTcp })
  }

  close(): void {
    this.#router.close()
  }
}

export function createTransport(
  deps: Deps,
  router: types.Router,
  { server, enableTcp }: { server: types.WebRtcServer; enableTcp: boolean },
): Promise<types.WebRtcTransport> {
  const request = router.createWebRtcTransport({
    webRtcServer: server,
    enableUdp: true,
    enableTcp,
    preferUdp: true,
    initialAvailableOutgoingBitrate: 1_000_000,
    iceConsentTimeout: 20,
    enableSctp: false,
  })
  return withTimeout(deps, request, (late) => late.close())
}
