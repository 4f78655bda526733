import type { ChatId, MeetingId } from '@veche/shared/ids'
import type { Api } from '#lib/api/client.ts'
import type { Session } from '#lib/session/session.svelte.ts'
import type { Calls } from './calls.svelte.ts'
import { Call } from './call/Call.svelte.ts'
import { MediaDevicesState } from './devices/MediaDevicesState.svelte.ts'

type Place = { meetingId: MeetingId; chatId: ChatId; code?: string | undefined }
export type Doorway = { calls: Calls; api: Api; session: Session }

/** Into a call; one is left for another. */
export function enter(
  { calls, api, session }: Doorway,
  place: Place,
  devices: MediaDevicesState,
  returning = false,
): void {
  const me = session.me?.user
  if (!me) return
  if (calls.call && calls.call.phase !== 'ended') calls.call.leave()
  const { meetingId, chatId, code } = place
  calls.call = new Call({
    rejoinRecord: calls.rejoinRecord,
    api,
    me: { userId: me.id, name: me.name },
    meetingId,
    chatId,
    ...(code ? { code } : {}),
    devices,
    returning,
  })
}

/** With the devices that were used last: after one has left, or was put out by a fault. */
export function enterAgain(doorway: Doorway, place: Place): void {
  enter(doorway, place, new MediaDevicesState())
}

/** The tab was reloaded in a call: it goes on, with the sound and picture as they were. */
export async function comeBack(doorway: Doorway): Promise<void> {
  const place = await doorway.calls.rejoinRecord.load()
  if (!place || doorway.calls.call) return
  const devices = new MediaDevicesState()
  devices.wanted = { mic: place.mic, cam: place.cam }
  enter(doorway, { ...place, code: place.code ?? undefined }, devices, true)
}
