import type { DialogId, MeetingId, SeatId, UserId } from '@veche/shared/ids'
import { createContext } from 'svelte'
import type { Api } from '#lib/api/client.ts'
import type { AppErrorCode } from '#lib/api/error.ts'
import type { Devices } from '../devices/Devices.svelte.ts'
import { Own } from './Own.svelte.ts'
import type { ScreenTile, Tile } from './Tile.svelte.ts'

export type CallOptions = {
  api: Api
  me: { userId: UserId; name: string }
  meetingId: MeetingId
  dialogId: DialogId
  code?: string
  devices: Devices
  /** The tab comes back by itself after a reload: it never takes the seat from another place. */
  returning?: boolean
}
export type EndReason = 'left' | 'taken_over' | 'removed' | 'meeting_ended' | 'moved' | 'lost' | 'stopping' | 'silent'
/** Sizes in physical pixels. */
export type CallView = { key: SeatId; source: 'cam' | 'screen'; width: number; height: number }[]
export type CallTrouble = 'socket' | 'media' | 'rejoining'
export type Repairable = 'mic' | 'cam' | { tile: SeatId }

/** A call in this tab, from the click on Join to its end. */
export class Call {
  phase = $state<'joining' | 'in' | 'ended'>('joining')
  ended = $state<EndReason | AppErrorCode | null>(null)
  /** What is broken now and being mended; said at once here, the screen may wait a second. */
  trouble = $state<CallTrouble | null>(null)
  /** When I came in; milliseconds of this machine's clock. */
  since = $state(0)
  /** Mine first, then the others in the order in which they came. */
  tiles = $state.raw<Tile[]>([])
  screens = $state.raw<ScreenTile[]>([])
  readonly mic = new Own()
  readonly cam = new Own()
  sharing = $state(false)
  mayShare = $state(true)
  /** The loudest first. */
  speakers = $state.raw<SeatId[]>([])
  /** I speak, and nobody hears it because I am muted. */
  speakingWhileMuted = $state(false)
  /** The browser plays no sound before the next click or key. */
  soundBlocked = $state(false)
  readonly meetingId: MeetingId
  readonly dialogId: DialogId
  readonly devices: Devices

  constructor({ meetingId, dialogId, devices }: CallOptions) {
    this.meetingId = meetingId
    this.dialogId = dialogId
    this.devices = devices
  }

  toggleMic(): void {}

  toggleCam(): void {}

  /** Rejects with nothing: refused by the person or by the system, it is simply not shared. */
  async share(): Promise<void> {}

  stopSharing(): void {}

  /** Space held down: heard as long as it is. */
  holdToTalk(_down: boolean): void {}

  async choose(_kind: 'mic' | 'cam', _deviceId: string | null): Promise<void> {}

  async setOutput(_deviceId: string | null): Promise<void> {}

  setView(_tiles: CallView): void {}

  async repair(_what: Repairable): Promise<void> {}

  /** After `taken_over`: the seat comes back to this tab. */
  takeBack(): void {}

  leave(): void {}

  /** Plays sound that the browser held back; to be called in a click. */
  unblockSound(): void {}
}

/** The one entrance; begins to join at once. */
export function openCall(options: CallOptions): Call {
  return new Call(options)
}

/** On the screen before joining: what can be made ready without the server is made ready. */
export function prepareCall(): void {}

export const [getCall, setCall] = createContext<Call>()
