import type { SeatId, UserId } from '@veche/shared/ids'

export type QualityLevel = 'good' | 'weak' | 'bad'
export type QualityReason = 'loss' | 'bandwidth' | 'delay'

/** One person of the call as the screen shows them. */
export class Tile {
  readonly key: SeatId
  readonly seatId: SeatId
  readonly userId: UserId
  readonly me: boolean
  name = $state('')
  /** No sign of life for some seconds; the place is kept. */
  away = $state(false)
  mic = $state<'on' | 'off' | 'none'>('none')
  camOn = $state(false)
  speaking = $state(false)
  quality = $state<QualityLevel>('good')
  qualityReason = $state<QualityReason | null>(null)
  /** The camera's picture; null while there is none to show. */
  video = $state.raw<MediaStream | null>(null)
  /** The picture stands still although it should not; `repair({tile})` asks for it anew. */
  frozen = $state(false)

  constructor({ seatId, userId, name, me }: { seatId: SeatId; userId: UserId; name: string; me: boolean }) {
    this.key = seatId
    this.seatId = seatId
    this.userId = userId
    this.name = name
    this.me = me
  }
}

export type ScreenTile = { seatId: SeatId; name: string; me: boolean; stream: MediaStream }
