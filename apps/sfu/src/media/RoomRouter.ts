import type { types } from 'mediasoup'
import { mediaCodecs } from './codecs.ts'
import type { Deps } from '../deps.ts'
import type { MediaWorker } from './MediaWorker.ts'
import { Speakers } from '../room/Speakers.ts'
import { within } from './timeout.ts'

/** A part of a room: the router that it has on one worker, and the ears on it. */
export class RoomRouter {
  readonly worker: MediaWorker
  readonly router: types.Router
  readonly speakers: Speakers
  readonly #deps: Deps
  readonly #server: types.WebRtcServer

  static async open(deps: Deps, worker: MediaWorker): Promise<RoomRouter> {
    const { router, server } = await worker.createRouter(mediaCodecs)
    try {
      return new RoomRouter(deps, worker, router, server, await Speakers.listen(deps, router))
    } catch (error) {
      router.close()
      throw error
    }
  }

  private constructor(
    deps: Deps,
    worker: MediaWorker,
    router: types.Router,
    server: types.WebRtcServer,
    speakers: Speakers,
  ) {
    this.#deps = deps
    this.worker = worker
    this.router = router
    this.#server = server
    this.speakers = speakers
  }

  createTransport(): Promise<types.WebRtcTransport> {
    return createTransport(this.#deps, this.router, this.#server)
  }

  close(): void {
    this.router.close()
  }
}

export function createTransport(
  deps: Deps,
  router: types.Router,
  webRtcServer: types.WebRtcServer,
): Promise<types.WebRtcTransport> {
  const made = router.createWebRtcTransport({
    webRtcServer,
    enableUdp: true,
    enableTcp: true,
    preferUdp: true,
    initialAvailableOutgoingBitrate: 1_000_000,
    iceConsentTimeout: 20,
    enableSctp: false,
  })
  return within(deps, made, (late) => late.close())
}
