import { limits } from '@veche/shared/limits'
import { type Source, sources } from '@veche/shared/meetings'
import type { Capability } from '@veche/shared/permissions'
import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import { fail, must } from '../errors.ts'
import type { PublicationView } from '../signalling/frames.ts'
import type { Produce } from '../signalling/inputs.ts'
import { Own } from './Publication.ts'
import type { Peer } from './Peer.ts'
import { Share } from '../media/BitrateDebt.ts'
import { within } from '../media/timeout.ts'

const kinds: Record<Source, types.MediaKind> = { mic: 'audio', cam: 'video', screen: 'video', screenSound: 'audio' }
const layers: Record<Source, number> = { mic: 1, cam: 3, screen: 2, screenSound: 1 }
const needed: Record<Source, Capability> = { mic: 'mic', cam: 'cam', screen: 'screen', screenSound: 'screen' }

/** What a peer sends: one stream of each source, and only what its seat may. */
export class Producing {
  readonly #deps: Deps
  readonly #peer: Peer
  readonly #own = new Map<string, Own>()
  /** Of sources, not of streams: whoever begins anew begins with what is owed. */
  readonly #shares = newShares()
  /** Bytes of streams that ended since the last look. */
  readonly #gone: Record<Source, number> = { mic: 0, cam: 0, screen: 0, screenSound: 0 }
  /** Being made: a client that does not wait for answers makes no more than one that does. */
  #making = 0

  constructor(deps: Deps, peer: Peer) {
    this.#deps = deps
    this.#peer = peer
  }

  get all(): Own[] {
    return [...this.#own.values()]
  }

  views(): PublicationView[] {
    return this.all.map((own) => own.view())
  }

  /** One that is made again takes the place of the one before: at once on the same transport, on another when it is there. */
  async produce({ source, transportId, rtpParameters, paused }: Produce): Promise<{ id: string }> {
    must(this.#may(source), 'call.forbidden')
    must((rtpParameters.encodings?.length ?? 0) <= layers[source] && !this.#shares[source].spent, 'call.limit')
    // The library takes pictures for sound: that would be a camera by the right to a microphone.
    const kind = kinds[source]
    must(
      rtpParameters.codecs.every(({ mimeType }) => mimeType.toLowerCase().startsWith(`${kind}/`)),
      'call.media_refused',
    )
    const transport = this.#peer.transports.sending(transportId)
    must(this.#making < limits.call.publications, 'call.limit')
    for (const own of this.#of(source)) if (own.transportId === transportId) this.#close(own)
    const producer = await this.#make(transport, { kind, rtpParameters, paused, ...keyFrames(source) })
    // Much may have happened since it was asked for. What is made on a transport that closed meanwhile does not know that it is.
    const refusal = this.#peer.ended ? 'call.ended' : this.#may(source) ? 'call.media_lost' : 'call.forbidden'
    if (this.#peer.ended || !this.#may(source) || producer.closed || transport.closed) {
      producer.close()
      fail(refusal)
    }
    const before = this.#of(source)
    const own = new Own({ deps: this.#deps, producer, source, transportId, paused })
    this.#keep(own)
    for (const old of before) this.#close(old)
    this.#peer.room.produced(this.#peer, own)
    return { id: own.id }
  }

  async pause(id: string): Promise<void> {
    const own = this.#find(id)
    const before = own.paused
    await own.setPaused(true)
    if (!before) this.#peer.room.tell(this.#peer)
  }

  async resume(id: string): Promise<void> {
    const own = this.#find(id)
    must(this.#may(own.source), 'call.forbidden')
    must(!this.#shares[own.source].spent, 'call.limit')
    await own.setPaused(false)
    // The right to it may be gone by now: then it was stopped meanwhile, and stays so.
    if (!this.#may(own.source)) await own.hold('capability')
    this.#peer.room.tell(this.#peer)
  }

  close(id: string): void {
    const own = this.#own.get(id)
    if (own) this.#close(own)
  }

  /** What the seat may no longer send is stopped on the node, whatever the browser does; to go on needs the right and a click. */
  async obey(): Promise<void> {
    const forbidden = this.all.filter((own) => !this.#may(own.source) && !own.held)
    await Promise.all(forbidden.map((own) => this.stop(own, 'capability')))
  }

  async stop(own: Own, reason: 'bitrate' | 'capability', closed = false): Promise<void> {
    this.#deps.metrics.stops.inc({ reason })
    this.#peer.push({ type: 'publicationStopped', id: own.id, source: own.source, reason, closed })
    if (closed) return this.#close(own)
    await own.hold(reason)
    this.#peer.room.tell(this.#peer)
  }

  /** A producer of the same source that a new leg of this seat has begun: this one is over. */
  giveWay(source: Source): void {
    for (const own of this.#of(source)) this.#close(own)
  }

  /** More than its share: paused, and closed when it goes on. `bytes` have come of all streams together. */
  async guard(bytes: number, seconds: number): Promise<void> {
    const least = Math.min(...this.all.map(({ source }) => limits.call.bitrate[source]))
    if (bytes * 8 <= least * seconds && sources.every((source) => this.#shares[source].paid)) {
      for (const source of sources) this.#gone[source] = 0
      return this.all.forEach((own) => own.unseen(bytes))
    }
    await Promise.all(sources.map((source) => this.#weigh(source, seconds)))
  }

  /** The transport is replaced: what is still sent on it ends with it. */
  leave(transportId: string): void {
    for (const own of this.all) if (own.transportId === transportId) this.#close(own)
  }

  async #weigh(source: Source, seconds: number): Promise<void> {
    const came = await Promise.all(this.#of(source).map((own) => bytesOf(own)))
    const verdict = this.#shares[source].count(
      came.reduce((sum, bytes) => sum + bytes, this.#gone[source]),
      seconds,
    )
    this.#gone[source] = 0
    if (verdict === 'fine') return
    for (const own of this.#of(source)) {
      const closes = verdict === 'close' && own.held !== null
      if (own.held && !closes) continue
      this.#deps.log.warn({ seat: this.#peer.seatId, source, verdict }, 'a stream is larger than it may be')
      await this.stop(own, 'bitrate', closes)
    }
  }

  /** What has come of it counts, however soon another takes its place. */
  #close(own: Own): void {
    if (own.closed) return
    void bytesOf(own).then((bytes) => (this.#gone[own.source] += bytes))
    own.close()
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
    this.#deps.metrics.publications.inc({ source: own.source })
    own.onClose(() => {
      this.#own.delete(own.id)
      this.#deps.metrics.publications.dec({ source: own.source })
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

/** Nothing of a stream that ends while it is asked. */
async function bytesOf(own: Own): Promise<number> {
  return own.came().catch(() => 0)
}

function newShares(): Record<Source, Share> {
  const { mic, cam, screen, screenSound } = limits.call.bitrate
  return { mic: new Share(mic), cam: new Share(cam), screen: new Share(screen), screenSound: new Share(screenSound) }
}

/** Cameras of many are asked for a whole picture less often than the one screen. */
function keyFrames(source: Source): Pick<types.ProducerOptions, 'keyFrameRequestDelay'> {
  return { keyFrameRequestDelay: source === 'cam' ? 1000 : 500 }
}
