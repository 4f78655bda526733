import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import { mediaCodecs } from './codecs.ts'
import type { MediaWorker } from './MediaWorker.ts'
import { Speakers } from './Speakers.ts'
import { withTimeout } from './timeout.ts'

/** The router of a room on one worker, with the observers that detect speakers. */
export class RoomRouter {
  readonly speakers: Speakers
  readonly #deps: Deps
  readonly #router: types.Router
  readonly #server: types.WebRtcServer

  static async open(deps: Deps, worker: MediaWorker): Promise<RoomRouter> {
    const { router, server } = await worker.createRouter(mediaCodecs)
    try {
      return new RoomRouter(deps, router, server, await Speakers.open(deps, router))
    } catch (error) {
      router.close()
      throw error
    }
  }

  private constructor(deps: Deps, router: types.Router, server: types.WebRtcServer, speakers: Speakers) {
    this.#deps = deps
    this.#router = router
    this.#server = server
    this.speakers = speakers
  }

  createTransport(): Promise<types.WebRtcTransport> {
    return createTransport(this.#deps, this.#router, this.#server)
  }

  close(): void {
    this.#router.close()
  }
}

export function createTransport(
  deps: Deps,
  router: types.Router,
  webRtcServer: types.WebRtcServer,
): Promise<types.WebRtcTransport> {
  const request = router.createWebRtcTransport({
    webRtcServer,
    enableUdp: true,
    enableTcp: true,
    preferUdp: true,
    initialAvailableOutgoingBitrate: 1_000_000,
    iceConsentTimeout: 20,
    enableSctp: false,
  })
  return withTimeout(deps, request, (late) => late.close())
}
