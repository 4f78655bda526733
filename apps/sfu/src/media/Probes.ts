import type { types } from 'mediasoup'
import { mediaCodecs } from './codecs.ts'
import type { Deps } from '../deps.ts'
import { must } from '../errors.ts'
import type { MediaWorker } from './MediaWorker.ts'
import { createTransport } from './RoomRouter.ts'

export type Probe = { iceParameters: types.IceParameters; iceCandidates: types.IceCandidate[] }

const lifetime = 10_000
const mostAtOnce = 5

/** Transports for nobody's media: whoever checks the way to this node sends ICE checks to one and sees whether they are answered. */
export class Probes {
  readonly #deps: Deps
  #open = 0

  constructor(deps: Deps) {
    this.#deps = deps
  }

  async open(worker: MediaWorker): Promise<Probe> {
    must(this.#open < mostAtOnce, 'call.limit')
    this.#open += 1
    this.#deps.clock.after(lifetime, () => (this.#open -= 1))
    const { router, server } = await worker.createRouter(mediaCodecs)
    this.#deps.clock.after(lifetime, () => router.close())
    const { iceParameters, iceCandidates } = await createTransport(this.#deps, router, server)
    return { iceParameters, iceCandidates }
  }
}
