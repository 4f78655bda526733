import type { JoinedFrame, PeerView, Quality } from '@veche/sfu/router'
import type { SeatId, UserId } from '@veche/shared/ids'
import type { SeatRow } from '@veche/shared/rows/rows'
import type { Environment } from '#lib/live/environment.ts'
import { AbsentSeats, type TakenSeat } from './AbsentSeats.ts'
import { Participant, type QualityLevel } from './Participant.svelte.ts'

/** After a move to another node the others arrive there one by one; until then each is kept as away. */
const MOVE_MS = 10_000
const levels: QualityLevel[] = ['good', 'weak', 'bad']

/** The participants of a call, one for each seat: those the node knows, and those only the API knows. */
export class Participants {
  /** Mine first, then the others in the order in which they came, then the seats without a connection to the node. */
  list = $state.raw<Participant[]>([])
  /** The seats that speak now, the loudest first. */
  speakers = $state.raw<SeatId[]>([])
  me = $state.raw<Participant | null>(null)
  readonly sharingScreen = $derived(this.list.filter(({ screen }) => screen !== null))
  /** The screens that have a tile. The user's own has none: the picture would contain itself without end. */
  readonly othersSharing = $derived(this.sharingScreen.filter(({ isMe }) => !isMe))
  readonly #environment: Environment
  #connected: Participant[] = []
  #seats: TakenSeat[] = []
  readonly #absent: AbsentSeats
  readonly #moving = new Map<SeatId, () => void>()
  readonly #tracks = new Map<string, MediaStreamTrack>()
  readonly #streams = new Map<string, MediaStream>()
  #myScreen: MediaStream | null = null

  constructor(environment: Environment) {
    this.#environment = environment
    this.#absent = new AbsentSeats(environment, () => this.#updateList())
  }

  /** The node has let me in, or let me in again, and says who is there. */
  join(joined: JoinedFrame, me: { userId: UserId; name: string }): void {
    const known = this.me?.seatId === joined.seatId ? this.me : null
    const mine = known ?? new Participant({ seatId: joined.seatId, ...me, isMe: true })
    mine.screen = this.#myScreen
    this.me = mine
    this.#connected = [mine, ...this.#connected.filter(({ isMe }) => !isMe)]
    const here = new Set(joined.peers.map(({ seatId }) => seatId))
    for (const participant of this.#connected)
      if (!participant.isMe && !here.has(participant.seatId)) this.#waitFor(participant)
    for (const peer of joined.peers) this.update(peer)
    this.setSpeakers(joined.speakers)
    this.#updateList()
  }

  update(peer: PeerView): void {
    this.#stopWaitingFor(peer.seatId)
    const participant = this.find(peer.seatId) ?? this.#add(peer)
    participant.name = peer.name
    participant.away = peer.away
    const mic = peer.publications.find(({ source }) => source === 'mic')
    const cam = peer.publications.find(({ source }) => source === 'cam')
    participant.microphone = mic ? (mic.paused ? 'off' : 'on') : 'none'
    participant.cameraOn = cam !== undefined && !cam.paused
    if (!participant.cameraOn) participant.frozen = false
    this.setQuality(peer.seatId, peer.quality)
    this.#applyStreams(participant)
  }

  remove(seatId: SeatId): void {
    this.#stopWaitingFor(seatId)
    this.#connected = this.#connected.filter((each) => each.seatId !== seatId || each.isMe)
    this.speakers = this.speakers.filter((each) => each !== seatId)
    this.#updateList()
  }

  setSpeakers(seatIds: SeatId[]): void {
    this.speakers = seatIds
    for (const participant of this.#connected) participant.speaking = seatIds.includes(participant.seatId)
  }

  /** The worse of both directions counts. */
  setQuality(seatId: SeatId, { up, down, reason }: Quality): void {
    const participant = this.find(seatId)
    if (!participant) return
    const level = Math.max(levels.indexOf(up), levels.indexOf(down))
    participant.quality = levels[level] ?? 'good'
    participant.qualityReason = level > 0 ? reason : null
  }

  /** The picture that arrives from a camera or a screen; null when it no longer does. It may come before its seat is known. */
  setTrack(seatId: SeatId, source: 'cam' | 'screen', track: MediaStreamTrack | null): void {
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
    const participant = this.find(seatId)
    if (participant) this.#applyStreams(participant)
  }

  setMyScreen(stream: MediaStream | null): void {
    this.#myScreen = stream
    if (this.me) this.me.screen = stream
  }

  /** The seats of the meeting as the API has them. */
  setSeats(rows: SeatRow[], nameOf: (id: UserId) => string): void {
    this.#seats = rows
      .filter(({ state }) => state === 'in' || state === 'away')
      .map(({ id, userId, state }) => ({ id, userId, name: nameOf(userId), away: state === 'away' }))
    this.#updateList()
  }

  clear(): void {
    for (const cancel of this.#moving.values()) cancel()
    this.#moving.clear()
    this.#tracks.clear()
    this.#streams.clear()
    this.#myScreen = null
    this.#connected = []
    this.speakers = []
    this.me = null
    this.#seats = []
    this.#updateList()
  }

  /** Among those the node knows. */
  find(seatId: SeatId): Participant | undefined {
    return this.#connected.find((each) => each.seatId === seatId)
  }

  #add({ seatId, userId, name }: PeerView): Participant {
    const participant = new Participant({ seatId, userId, name, isMe: false })
    this.#connected = [...this.#connected, participant]
    this.#updateList()
    return participant
  }

  #waitFor(participant: Participant): void {
    const { seatId } = participant
    participant.away = true
    participant.speaking = false
    if (this.#moving.has(seatId)) return
    this.#moving.set(
      seatId,
      this.#environment.after(MOVE_MS, () => this.remove(seatId)),
    )
  }

  #stopWaitingFor(seatId: SeatId): void {
    this.#moving.get(seatId)?.()
    this.#moving.delete(seatId)
  }

  #applyStreams(participant: Participant): void {
    if (participant.isMe) return
    const { seatId, cameraOn } = participant
    participant.camera = (cameraOn && this.#streams.get(`${seatId} cam`)) || null
    participant.screen = this.#streams.get(`${seatId} screen`) ?? null
  }

  #updateList(): void {
    const here = new Set(this.#connected.map(({ userId }) => userId))
    this.#absent.update(this.#seats.filter(({ userId }) => !here.has(userId)))
    this.list = [...this.#connected, ...this.#absent.participants]
  }
}
