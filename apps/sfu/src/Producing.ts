import { limits } from '@veche/shared/limits'
import type { Source } from '@veche/shared/meetings'
import type { Capability } from '@veche/shared/permissions'
import type { types } from 'mediasoup'
import type { Deps } from './deps.ts'
import { fail, must } from './errors.ts'
import type { ProducerView } from './frames.ts'
import type { Produce } from './inputs.ts'
import { Own } from './Own.ts'
import type { Peer } from './Peer.ts'
import { within } from './within.ts'

const kinds: Record<Source, types.MediaKind> = { mic: 'audio', cam: 'video', screen: 'video', screenSound: 'audio' }
const layers: Record<Source, number> = { mic: 1, cam: 3, screen: 2, screenSound: 1 }
const needed: Record<Source, Capability> = { mic: 'mic', cam: 'cam', screen: 'screen', screenSound: 'screen' }

/** What a peer sends: one stream of each source, and only what its seat may. */
export class Producing {
  readonly #deps: Deps
  readonly #peer: Peer
  readonly #own = new Map<string, Own>()
  /** Being made: a client that does not wait for answers makes no more than one that does. */
  #making = 0

  constructor(deps: Deps, peer: Peer) {
    this.#deps = deps
    this.#peer = peer
  }

  get all(): Own[] {
    return [...this.#own.values()]
  }

  views(): ProducerView[] {
    return this.all.map((own) => own.view())
  }

  /** One that is made again takes the place of the one before: at once on the same transport, on another when it is there. */
  async produce({ source, transportId, rtpParameters, paused }: Produce): Promise<{ id: string }> {
    must(this.#may(source), 'call.forbidden')
    must((rtpParameters.encodings?.length ?? 0) <= layers[source], 'call.limit')
    // The library takes pictures for sound: that would be a camera by the right to a microphone.
    const kind = kinds[source]
    must(
      rtpParameters.codecs.every(({ mimeType }) => mimeType.toLowerCase().startsWith(`${kind}/`)),
      'call.media_refused',
    )
    const transport = this.#peer.transports.sending(transportId)
    must(this.#making < limits.call.producers, 'call.limit')
    for (const own of this.#of(source)) if (own.transportId === transportId) own.close()
    const producer = await this.#make(transport, { kind, rtpParameters, paused, ...keyFrames(source) })
    // Much may have happened since it was asked for.
    if (this.#peer.ended || !this.#may(source) || producer.closed) {
      producer.close()
      fail(
        this.#peer.ended ? 'call.ended' : producer.closed && this.#may(source) ? 'call.media_lost' : 'call.forbidden',
      )
    }
    const before = this.#of(source)
    const own = new Own({ deps: this.#deps, producer, source, transportId, paused })
    this.#keep(own)
    for (const old of before) old.close()
    this.#peer.room.produced(this.#peer, own)
    return { id: own.id }
  }

  async pause(id: string): Promise<void> {
    await this.#find(id).setPaused(true)
    this.#peer.room.tell(this.#peer)
  }

  async resume(id: string): Promise<void> {
    const own = this.#find(id)
    must(this.#may(own.source), 'call.forbidden')
    await own.setPaused(false)
    // The right to it may be gone by now: then it was stopped meanwhile, and stays so.
    if (!this.#may(own.source)) await own.hold('capability')
    this.#peer.room.tell(this.#peer)
  }

  close(id: string): void {
    this.#own.get(id)?.close()
  }

  /** What the seat may no longer send is stopped on the node, whatever the browser does; to go on needs the right and a click. */
  async obey(): Promise<void> {
    for (const own of this.all) if (!this.#may(own.source) && !own.held) await this.stop(own, 'capability')
  }

  async stop(own: Own, reason: 'bitrate' | 'capability', closed = false): Promise<void> {
    this.#deps.metrics.stops.inc({ reason })
    this.#peer.push({ type: 'stopped', id: own.id, source: own.source, reason, closed })
    if (closed) return own.close()
    await own.hold(reason)
    this.#peer.room.tell(this.#peer)
  }

  /** A producer of the same source that a new leg of this seat has begun: this one is over. */
  giveWay(source: Source): void {
    for (const own of this.#of(source)) own.close()
  }

  /** More than its share: paused, and closed when it goes on. */
  async guard(incoming: number): Promise<void> {
    const least = Math.min(...this.all.map(({ source }) => limits.call.bitrate[source]))
    if (incoming < least) return this.all.forEach((own) => own.forgive())
    for (const own of this.all) {
      const verdict = await own.measure(this.#deps.clock.now())
      if (verdict === 'fine' || own.closed) continue
      this.#deps.log.warn({ seat: this.#peer.seatId, source: own.source, verdict }, 'a stream is larger than it may be')
      await this.stop(own, 'bitrate', verdict === 'close')
    }
  }

  async #make(transport: types.Transport, options: types.ProducerOptions): Promise<types.Producer> {
    this.#making += 1
    try {
      return await within(this.#deps, transport.produce(options), (late) => late.close())
    } finally {
      this.#making -= 1
    }
  }

  #keep(own: Own): void {
    this.#own.set(own.id, own)
    this.#deps.metrics.producers.inc({ source: own.source })
    own.onClose(() => {
      this.#own.delete(own.id)
      this.#deps.metrics.producers.dec({ source: own.source })
      this.#peer.room.tell(this.#peer)
    })
  }

  #may(source: Source): boolean {
    return this.#peer.caps.includes(needed[source])
  }

  #of(source: Source): Own[] {
    return this.all.filter((own) => own.source === source)
  }

  #find(id: string): Own {
    return this.#own.get(id) ?? fail('call.media_lost')
  }
}

/** Cameras of many are asked for a whole picture less often than the one screen. */
function keyFrames(source: Source): Pick<types.ProducerOptions, 'keyFrameRequestDelay'> {
  return { keyFrameRequestDelay: source === 'cam' ? 1000 : 500 }
}
