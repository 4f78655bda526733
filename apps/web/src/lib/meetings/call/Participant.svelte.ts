import type { SeatId, UserId } from '@veche/shared/ids'

export type QualityLevel = 'good' | 'weak' | 'bad'
export type QualityReason = 'loss' | 'bandwidth' | 'delay'

/** One seat of the call as the screen shows it. */
export class Participant {
  readonly seatId: SeatId
  readonly userId: UserId
  readonly isMe: boolean
  name = $state('')
  /** The node has lost the connection of this seat, or does not have it yet. The seat is kept. */
  away = $state(false)
  microphone = $state<'on' | 'off' | 'none'>('none')
  cameraOn = $state(false)
  /** The picture of the camera; null while there is none to show. */
  camera = $state.raw<MediaStream | null>(null)
  /** The picture of the shared screen; null while none is shared. */
  screen = $state.raw<MediaStream | null>(null)
  /** The picture of the camera stands still although it should not; `call.repair` requests a new one. */
  frozen = $state(false)
  speaking = $state(false)
  quality = $state<QualityLevel>('good')
  qualityReason = $state<QualityReason | null>(null)

  constructor({ seatId, userId, name, isMe }: { seatId: SeatId; userId: UserId; name: string; isMe: boolean }) {
    this.seatId = seatId
    this.userId = userId
    this.name = name
    this.isMe = isMe
  }
}
