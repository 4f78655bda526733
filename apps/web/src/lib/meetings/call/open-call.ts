import type { Api } from '#lib/api/client.ts'
import { beginSound } from '#lib/browser/sound-turns.ts'
import type { ActiveCall } from '../ActiveCall.svelte.ts'
import { MediaDevicesState } from '../devices/MediaDevicesState.svelte.ts'
import { Call, type CallOptions } from './Call.svelte.ts'
import { routerDeviceOf } from './connection/router-device.ts'

type Opening = Pick<CallOptions, 'api' | 'meetingId' | 'chatId' | 'code' | 'audio' | 'devices' | 'returning'>

/** Loads before the click on *Join now* what the call needs at once: the id of this tab, and what its browser can send and receive. */
export function prepareCall(activeCall: ActiveCall): void {
  routerDeviceOf(activeCall).preload()
  void activeCall.rejoinRecord.tab()
}

/** Joins the meeting in this tab. Nothing happens when the session ended meanwhile. */
export function openCall(activeCall: ActiveCall, opening: Opening): void {
  const routerDevice = routerDeviceOf(activeCall)
  beginSound(activeCall)
  activeCall.enter((shared) => new Call({ ...shared, ...opening, routerDevice }))
}

/** After a reload of the tab its call goes on, with the microphone and camera as they were. */
export async function openCallAgain(activeCall: ActiveCall, api: Api): Promise<void> {
  const remembered = await activeCall.rejoinRecord.load()
  if (!remembered || activeCall.current) return
  const { meetingId, chatId, code, audio, mic, cam } = remembered
  const devices = new MediaDevicesState()
  if (audio) devices.startWithoutCamera()
  devices.wanted = { mic, cam }
  openCall(activeCall, { api, meetingId, chatId, code: code ?? undefined, audio, devices, returning: true })
}
