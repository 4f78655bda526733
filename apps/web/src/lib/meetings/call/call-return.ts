import type { Api } from '#lib/api/client.ts'
import type { ActiveCall } from '../ActiveCall.svelte.ts'
import { MediaDevicesState } from '../devices/MediaDevicesState.svelte.ts'
import { Call } from './Call.svelte.ts'
import { routerDeviceOf } from './connection/router-device.ts'

/** After a reload of the tab its call goes on, with the microphone and camera as they were. */
export async function openCallAgain(activeCall: ActiveCall, api: Api): Promise<void> {
  const remembered = await activeCall.rejoinRecord.load()
  if (!remembered || activeCall.current) return
  const { meetingId, chatId, code, mic, cam } = remembered
  activeCall.enter((own) => {
    const devices = new MediaDevicesState()
    devices.wanted = { mic, cam }
    const routerDevice = routerDeviceOf(activeCall)
    return new Call({ ...own, api, routerDevice, meetingId, chatId, code: code ?? undefined, devices, returning: true })
  })
}
