import type { types } from 'mediasoup'
import { mediaCodecs } from './codecs.ts'
import type { Deps } from '../deps.ts'
import { must } from '../errors.ts'
import type { MediaWorker } from './MediaWorker.ts'
import { createTransport } from './RoomRouter.ts'

export type Probe = { iceParameters: types.IceParameters; iceCandidates: types.IceCandidate[] }

const lifetimeMs = 10_000
const maxOpenProbes = 5

/** Transports without media. A program that checks the network path to this node sends ICE checks to one and waits for the answers. */
export class Probes {
  readonly #deps: Deps
  #open = 0

  constructor(deps: Deps) {
    this.#deps = deps
  }

  async open(worker: MediaWorker): Promise<Probe> {
    must(this.#open < maxOpenProbes, 'call.limit')
    this.#open += 1
    this.#deps.clock.after(lifetimeMs, () => (this.#open -= 1))
    const { router, server } = await worker.createRouter(mediaCodecs)
    this.#deps.clock.after(lifetimeMs, () => router.close())
    const { iceParameters, iceCandidates } = await createTransport(this.#deps, router, { server, enableTcp: true })
    return { iceParameters, iceCandidates }
  }
}
