import type { JoinedFrame, PeerView, Quality } from '@veche/sfu/router'
import type { SeatId, UserId } from '@veche/shared/ids'
import type { Source } from '@veche/shared/meetings'
import type { Environment } from '#lib/live/environment.ts'
import { type QualityLevel, type ScreenTile, Tile } from './Tile.svelte.ts'

/** After a move to another node the others come there one by one: so long their places are kept. */
const GRACE_MS = 10_000
const worse: QualityLevel[] = ['good', 'weak', 'bad']

/** Who is there, and what of them is to be seen. */
export class Roster {
  /** Mine first, then the others in the order in which they came. */
  tiles = $state.raw<Tile[]>([])
  screens = $state.raw<ScreenTile[]>([])
  speakers = $state.raw<SeatId[]>([])
  me = $state.raw<Tile | null>(null)
  readonly #environment: Environment
  readonly #peers = new Map<SeatId, PeerView>()
  readonly #tracks = new Map<string, MediaStreamTrack>()
  readonly #streams = new Map<string, MediaStream>()
  readonly #grace = new Map<SeatId, () => void>()
  #myScreen: MediaStream | null = null

  constructor(environment: Environment) {
    this.#environment = environment
  }

  enter(joined: JoinedFrame, me: { userId: UserId; name: string }): Tile {
    const mine = this.me?.seatId === joined.seatId ? this.me : new Tile({ seatId: joined.seatId, ...me, me: true })
    this.me = mine
    this.tiles = [mine, ...this.tiles.filter((tile) => !tile.me)]
    const here = new Set(joined.peers.map(({ seatId }) => seatId))
    for (const tile of this.tiles) if (!tile.me && !here.has(tile.seatId)) this.#waitFor(tile)
    for (const peer of joined.peers) this.put(peer)
    this.speak(joined.speakers)
    return mine
  }

  put(peer: PeerView): void {
    this.#grace.get(peer.seatId)?.()
    this.#grace.delete(peer.seatId)
    this.#peers.set(peer.seatId, peer)
    const tile = this.#tile(peer.seatId) ?? this.#add(peer)
    tile.name = peer.name
    tile.away = peer.away
    const mic = peer.publications.find(({ source }) => source === 'mic')
    const cam = peer.publications.find(({ source }) => source === 'cam')
    tile.mic = mic ? (mic.paused ? 'off' : 'on') : 'none'
    tile.camOn = cam !== undefined && !cam.paused
    if (!tile.camOn) tile.frozen = false
    this.quality(peer.seatId, peer.quality)
    this.#draw(tile)
  }

  gone(seatId: SeatId): void {
    this.#grace.get(seatId)?.()
    this.#grace.delete(seatId)
    this.#peers.delete(seatId)
    this.tiles = this.tiles.filter((tile) => tile.seatId !== seatId || tile.me)
    this.speakers = this.speakers.filter((each) => each !== seatId)
    this.#listScreens()
  }

  speak(seatIds: SeatId[]): void {
    this.speakers = seatIds
    for (const tile of this.tiles) tile.speaking = seatIds.includes(tile.seatId)
  }

  quality(seatId: SeatId, quality: Quality): void {
    const tile = this.#tile(seatId)
    if (!tile) return
    const level = Math.max(worse.indexOf(quality.up), worse.indexOf(quality.down))
    tile.quality = worse[level] ?? 'good'
    tile.qualityReason = level > 0 ? quality.reason : null
  }

  /** The picture of a camera or a screen that arrives; null when it no longer does. */
  picture(seatId: SeatId, source: Source, track: MediaStreamTrack | null): void {
    const key = `${seatId} ${source}`
    const stream = this.#streams.get(key)
    const before = this.#tracks.get(key)
    if (before === track) return
    if (before) stream?.removeTrack(before)
    if (track) {
      this.#tracks.set(key, track)
      if (stream) stream.addTrack(track)
      else this.#streams.set(key, new MediaStream([track]))
    } else {
      this.#tracks.delete(key)
      this.#streams.delete(key)
    }
    const tile = this.#tile(seatId)
    if (tile) this.#draw(tile)
    this.#listScreens()
  }

  showMyScreen(stream: MediaStream | null): void {
    this.#myScreen = stream
    this.#listScreens()
  }

  clear(): void {
    for (const cancel of this.#grace.values()) cancel()
    this.#grace.clear()
    this.#peers.clear()
    this.#tracks.clear()
    this.#streams.clear()
    this.tiles = []
    this.screens = []
    this.speakers = []
    this.me = null
  }

  find(seatId: SeatId): Tile | undefined {
    return this.#tile(seatId)
  }

  #tile(seatId: SeatId): Tile | undefined {
    return this.tiles.find((tile) => tile.seatId === seatId)
  }

  #add({ seatId, userId, name }: PeerView): Tile {
    const tile = new Tile({ seatId, userId, name, me: false })
    this.tiles = [...this.tiles, tile]
    return tile
  }

  #waitFor(tile: Tile): void {
    tile.away = true
    tile.speaking = false
    if (this.#grace.has(tile.seatId)) return
    this.#grace.set(
      tile.seatId,
      this.#environment.after(GRACE_MS, () => this.gone(tile.seatId)),
    )
  }

  #draw(tile: Tile): void {
    if (!tile.me) tile.video = (tile.camOn && this.#streams.get(`${tile.seatId} cam`)) || null
  }

  #listScreens(): void {
    const theirs = this.tiles.flatMap(({ seatId, name, me }) => {
      const stream = me ? this.#myScreen : this.#streams.get(`${seatId} screen`)
      return stream ? [{ seatId, name, me, stream }] : []
    })
    const same =
      theirs.length === this.screens.length &&
      theirs.every(({ stream }, index) => stream === this.screens[index]?.stream)
    if (!same) this.screens = theirs
  }
}
