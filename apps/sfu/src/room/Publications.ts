import { EventEmitter } from 'node:events'
import { callLimits } from '@veche/shared/meeting-limits'
import { type Source, sources } from '@veche/shared/meetings'
import type { Capability } from '@veche/shared/permissions'
import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import { fail, must } from '../errors.ts'
import { BitrateDebt } from '../media/BitrateDebt.ts'
import { withTimeout } from '../media/timeout.ts'
import type { PublicationView, RoomFrame } from '../signalling/frames.ts'
import type { Produce } from '../signalling/inputs.ts'
import type { Peer } from './Peer.ts'
import { Publication } from './Publication.ts'

const kinds: Record<Source, types.MediaKind> = { mic: 'audio', cam: 'video', screen: 'video', screenSound: 'audio' }
const maxLayers: Record<Source, number> = { mic: 1, cam: 3, screen: 2, screenSound: 1 }
const requiredCapability: Record<Source, Capability> = {
  mic: 'mic',
  cam: 'cam',
  screen: 'screen',
  screenSound: 'screen',
}

/**
 * The media worker asks the sender of a layer for at most one key frame within this time. All receivers that ask meanwhile get the next
 * one, when the time is over.
 */
export const keyFrameRequestDelayMs = 1_000

type PublicationsEvents = {
  published: [publication: Publication]
  /** One was paused, resumed or closed. */
  changed: []
  /** The node stopped one, and its owner must be told. */
  stopped: [frame: Extract<RoomFrame, { type: 'publicationStopped' }>]
}

/** What a peer sends: one stream of each source, and only what the capabilities of its seat allow. */
export class Publications extends EventEmitter<PublicationsEvents> {
  readonly #deps: Deps
  readonly #peer: Peer
  readonly #publications = new Map<string, Publication>()
  /** Bitrate debt is kept per source. Restarting a stream does not clear it. */
  readonly #debts = newDebts()
  /** Bytes of publications that closed since the last count. */
  readonly #closedBytes: Record<Source, number> = { mic: 0, cam: 0, screen: 0, screenSound: 0 }
  /** Producers that are being created. They count against the limit, so a client that does not wait for answers gets no more. */
  #creating = 0

  constructor(deps: Deps, peer: Peer) {
    super()
    this.#deps = deps
    this.#peer = peer
  }

  get all(): Publication[] {
    return [...this.#publications.values()]
  }

  views(): PublicationView[] {
    return this.all.map((publication) => publication.view())
  }

  /** Replaces the publication of the same source: before the new one on the same transport, after it on another transport. */
  async produce({ source, transportId, rtpParameters, paused }: Produce): Promise<{ id: string }> {
    must(this.#mayPublish(source), 'call.forbidden')
    must((rtpParameters.encodings?.length ?? 0) <= maxLayers[source], 'call.limit')
    must(!this.#debts[source].isExceeded, 'call.limit')
    requireKind(rtpParameters, kinds[source])
    const transport = this.#peer.transports.requireSendTransport(transportId)
    must(this.#creating < callLimits.publications, 'call.limit')
    for (const old of this.#of(source)) if (old.transportId === transportId) this.#close(old)
    const producer = await this.#createProducer(transport, source, { rtpParameters, paused })
    this.#requireStillAllowed(producer, transport, source)
    const replaced = this.#of(source)
    const { seatId } = this.#peer
    const publication = new Publication({ deps: this.#deps, seatId, producer, source, transportId, paused })
    this.#add(publication)
    for (const old of replaced) this.#close(old)
    this.emit('published', publication)
    return { id: publication.id }
  }

  async pause(id: string): Promise<void> {
    const publication = this.#require(id)
    const wasPaused = publication.paused
    await publication.setPaused(true)
    if (!wasPaused) this.emit('changed')
  }

  async resume(id: string): Promise<void> {
    const publication = this.#require(id)
    must(this.#mayPublish(publication.source), 'call.forbidden')
    must(!this.#debts[publication.source].isExceeded, 'call.limit')
    await publication.setPaused(false)
    // The capability may have been taken meanwhile: then the publication was stopped and stays so.
    if (!this.#mayPublish(publication.source)) await publication.hold('capability')
    this.emit('changed')
  }

  close(id: string): void {
    const publication = this.#publications.get(id)
    if (publication) this.#close(publication)
  }

  closeSource(source: Source): void {
    for (const publication of this.#of(source)) this.#close(publication)
  }

  /** A transport is replaced. What is still sent on it ends with it. */
  closeTransport(transportId: string): void {
    for (const publication of this.all) if (publication.transportId === transportId) this.#close(publication)
  }

  /** Stops what the seat may no longer send, whatever the browser does. To resume needs the capability and the user. */
  async applyCapabilities(): Promise<void> {
    const forbidden = this.all.filter(({ source, held }) => !this.#mayPublish(source) && !held)
    await Promise.all(forbidden.map((publication) => this.#stop(publication, 'capability', false)))
  }

  /** Pauses sources above their limit, and closes those that stay above it. `bytes` came on all publications together. */
  async enforceBitrate(bytes: number, seconds: number): Promise<void> {
    const lowestLimit = Math.min(...this.all.map(({ source }) => callLimits.bitrate[source]))
    if (bytes * 8 <= lowestLimit * seconds && sources.every((source) => this.#debts[source].isPaid)) {
      for (const source of sources) this.#closedBytes[source] = 0
      return this.all.forEach((publication) => publication.assumeBytes(bytes))
    }
    await Promise.all(sources.map((source) => this.#enforceSource(source, seconds)))
  }

  async #enforceSource(source: Source, seconds: number): Promise<void> {
    const counts = await Promise.all(this.#of(source).map((publication) => bytesOf(publication)))
    const bytes = counts.reduce((sum, count) => sum + count, this.#closedBytes[source])
    this.#closedBytes[source] = 0
    const verdict = this.#debts[source].count(bytes, seconds)
    if (verdict === 'fine') return
    for (const publication of this.#of(source)) {
      const closes = verdict === 'close' && publication.held !== null
      if (publication.held && !closes) continue
      this.#deps.log.warn({ seat: this.#peer.seatId, source, verdict }, 'a publication is above its bitrate limit')
      await this.#stop(publication, 'bitrate', closes)
    }
  }

  async #stop(publication: Publication, reason: 'bitrate' | 'capability', closed: boolean): Promise<void> {
    const { id, source } = publication
    this.#deps.metrics.stops.inc({ reason })
    this.emit('stopped', { type: 'publicationStopped', id, source, reason, closed })
    if (closed) return this.#close(publication)
    await publication.hold(reason)
    this.emit('changed')
  }

  /** Its bytes still count, however soon another publication replaces it. */
  #close(publication: Publication): void {
    if (publication.closed) return
    void bytesOf(publication).then((bytes) => (this.#closedBytes[publication.source] += bytes))
    publication.close()
  }

  async #createProducer(
    transport: types.Transport,
    source: Source,
    options: Pick<types.ProducerOptions, 'rtpParameters' | 'paused'>,
  ): Promise<types.Producer> {
    this.#creating += 1
    try {
      const request = transport.produce({
        ...options,
        kind: kinds[source],
        keyFrameRequestDelay: keyFrameRequestDelayMs,
      })
      return await withTimeout(this.#deps, request, (late) => late.close())
    } finally {
      this.#creating -= 1
    }
  }

  /** Much may change while a producer is created. One that is created on a transport that closed meanwhile does not report it. */
  #requireStillAllowed(producer: types.Producer, transport: types.Transport, source: Source): void {
    const mayPublish = this.#mayPublish(source)
    if (!this.#peer.ended && mayPublish && !producer.closed && !transport.closed) return
    producer.close()
    if (this.#peer.ended) fail('call.ended')
    fail(mayPublish ? 'call.media_lost' : 'call.forbidden')
  }

  #add(publication: Publication): void {
    const { id, source } = publication
    this.#publications.set(id, publication)
    this.#deps.metrics.publications.inc({ source })
    publication.once('closed', () => {
      this.#publications.delete(id)
      this.#deps.metrics.publications.dec({ source })
      this.emit('changed')
    })
  }

  #mayPublish(source: Source): boolean {
    return this.#peer.capabilities.includes(requiredCapability[source])
  }

  #of(source: Source): Publication[] {
    return this.all.filter((publication) => publication.source === source)
  }

  #require(id: string): Publication {
    return this.#publications.get(id) ?? fail('call.media_lost')
  }
}

/** mediasoup accepts a video codec in an audio producer: that would be a camera with the capability for a microphone. */
function requireKind({ codecs }: types.RtpParameters, kind: types.MediaKind): void {
  const areOfKind = codecs.every(({ mimeType }) => mimeType.toLowerCase().startsWith(`${kind}/`))
  must(areOfKind, 'call.media_refused')
}

/** A publication that ends while it is counted has no bytes. */
async function bytesOf(publication: Publication): Promise<number> {
  return publication.countBytes().catch(() => 0)
}

function newDebts(): Record<Source, BitrateDebt> {
  const { mic, cam, screen, screenSound } = callLimits.bitrate
  return {
    mic: new BitrateDebt(mic),
    cam: new BitrateDebt(cam),
    screen: new BitrateDebt(screen),
    screenSound: new BitrateDebt(screenSound),
  }
}
