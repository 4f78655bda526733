import type { MeetingId, TabId } from '@veche/shared/ids'
import type { IceServer, JoinAnswer } from '@veche/shared/meetings'
import { API_URL, type Api, ORIGIN_HEADER } from '#lib/api/client.ts'

export type Ask = { meetingId: MeetingId; code?: string; tab: TabId; returning: boolean; failed?: JoinFailed }
export type JoinFailed = { nodeId: JoinAnswer['node']['id']; boot: JoinAnswer['node']['boot'] }

/** What a call needs of the API; each rejects with an AppError. */
export type Door = {
  join(ask: Ask, signal: AbortSignal): Promise<JoinAnswer>
  relays(meetingId: MeetingId): Promise<{ iceServers: IceServer[] }>
  leave(meetingId: MeetingId, seatEpoch: number): void
}

export function apiDoor(api: Api): Door {
  const { meetings } = api
  return {
    join: (ask, signal) => meetings.join.mutate(ask, { signal }),
    relays: (meetingId) => meetings.iceServers.query({ meetingId }),
    leave,
  }
}

/** Goes out even when the page is being closed, which a request of the client would not survive. */
function leave(meetingId: MeetingId, seatEpoch: number): void {
  void fetch(`${API_URL}/meetings.leave`, {
    method: 'POST',
    keepalive: true,
    credentials: 'same-origin',
    headers: { ...ORIGIN_HEADER, 'content-type': 'application/json' },
    body: JSON.stringify({ meetingId, seatEpoch }),
  }).catch(() => undefined)
}
