import type { MeetingId, TabId } from '@veche/shared/ids'
import type { IceServer, JoinAnswer } from '@veche/shared/meetings'
import { API_URL, type Api, ORIGIN_HEADER } from '#lib/api/client.ts'

export type JoinRequest = {
  meetingId: MeetingId
  code?: string
  tab: TabId
  /** The tab comes back by itself, and never takes the seat from another tab. */
  returning: boolean
  /** The node that was tried last: the API probes it and may place the meeting elsewhere. */
  failed?: { nodeId: JoinAnswer['node']['id']; boot: JoinAnswer['node']['boot'] }
}

/** What a call needs of the API. Each function rejects with an AppError. */
export type CallApi = {
  join(request: JoinRequest, signal: AbortSignal): Promise<JoinAnswer>
  iceServers(meetingId: MeetingId): Promise<{ iceServers: IceServer[] }>
  leave(meetingId: MeetingId, seatEpoch: number): void
}

export function newCallApi({ meetings }: Api): CallApi {
  return {
    join: (request, signal) => meetings.join.mutate(request, { signal }),
    iceServers: (meetingId) => meetings.iceServers.query({ meetingId }),
    leave,
  }
}

/** `keepalive` lets this request outlive a page that is being closed; a request of the tRPC client would not survive. */
function leave(meetingId: MeetingId, seatEpoch: number): void {
  void fetch(`${API_URL}/meetings.leave`, {
    method: 'POST',
    keepalive: true,
    credentials: 'same-origin',
    headers: { ...ORIGIN_HEADER, 'content-type': 'application/json' },
    body: JSON.stringify({ meetingId, seatEpoch }),
  }).catch(() => undefined)
}
