import type { ChatId, UserId } from '@veche/shared/ids'
import type { MeetingSummary } from '@veche/shared/meetings'
import type { ChatRow } from '@veche/shared/rows/rows'
import { untrack } from 'svelte'
import type { Api } from '#lib/api/client.ts'
import type { Live } from '#lib/live/live.svelte.ts'

type WhoIsIn = { readonly known: boolean; readonly count: number; readonly userIds: UserId[] }

/** The meeting of a chat. The answer stands where the stream's news stand: the later of them counts. */
export async function lookAt(api: Api, live: Live, chatId: ChatId): Promise<MeetingSummary | null> {
  const look = await api.meetings.ofChat.query({ chatId })
  if (look) {
    const { meetingId, count, userIds } = look
    live.client?.signals.setMeeting({ kind: 'meeting', chatId, meetingId, count, userIds })
  }
  return look
}

/** Who is in the meeting of a chat now: asked for once and after each new connection, then as the stream tells. */
export function whoIsIn(api: Api, live: Live, chatOf: () => ChatRow): WhoIsIn {
  const now = $derived.by(() => {
    const { id, liveMeetingId } = chatOf()
    const told = live.meeting(id)
    return told?.meetingId === liveMeetingId ? told : null
  })
  $effect(() => {
    const { id, liveMeetingId } = chatOf()
    if (liveMeetingId && live.status === 'online') untrack(() => lookAt(api, live, id)).catch(() => undefined)
  })
  return {
    get known() {
      return now !== null
    },
    get count() {
      return now?.count ?? 0
    },
    get userIds() {
      return now?.userIds ?? []
    },
  }
}
