import type { ChatId, UserId } from '@veche/shared/ids'
import type { MeetingSummary } from '@veche/shared/meetings'
import type { ChatRow } from '@veche/shared/rows/rows'
import { untrack } from 'svelte'
import type { Api } from '#lib/api/client.ts'
import type { Live } from '#lib/live/live.svelte.ts'

/** `known` is false until the server has told who is in the meeting. */
type LiveMeeting = {
  readonly known: boolean
  readonly count: number
  readonly userIds: UserId[]
  /** Started as a call without video, as far as is known. */
  readonly audio: boolean
}

/** The meeting of a chat. The answer is kept where the live stream keeps its signals, so that the later of the two counts. */
export async function fetchMeetingSummary(api: Api, live: Live, chatId: ChatId): Promise<MeetingSummary | null> {
  const summary = await api.meetings.ofChat.query({ chatId })
  if (summary) {
    const { meetingId, count, userIds } = summary
    live.client?.signals.setMeeting({ kind: 'meeting', chatId, meetingId, count, userIds })
  }
  return summary
}

/** Who is in the meeting of a chat now: asked for once and after each new connection, then updated by the live stream. */
export function followLiveMeeting(api: Api, live: Live, chatOf: () => ChatRow): LiveMeeting {
  let summary = $state.raw<MeetingSummary | null>(null)
  const news = $derived.by(() => {
    const { id, liveMeetingId } = chatOf()
    const latest = live.meeting(id)
    return latest?.meetingId === liveMeetingId ? latest : null
  })
  $effect(() => {
    const { id, liveMeetingId } = chatOf()
    if (liveMeetingId && live.status === 'online')
      untrack(() => fetchMeetingSummary(api, live, id)).then(
        (answer) => (summary = answer),
        () => undefined,
      )
  })
  return {
    get known() {
      return news !== null
    },
    get count() {
      return news?.count ?? 0
    },
    get userIds() {
      return news?.userIds ?? []
    },
    get audio() {
      return summary?.meetingId === chatOf().liveMeetingId && Boolean(summary?.audio)
    },
  }
}

/** Fetches the people among these whom the client does not know yet: they may be no members of any chat it holds. */
export function fetchUnknownPeople(live: Live, userIds: UserId[]): void {
  const unknown = userIds.filter((id) => !live.people.has(id))
  if (unknown.length === 0) return
  void live.merge(
    async (merge) => {
      for (const id of unknown) await merge.keepPerson(id)
    },
    ['people'],
  )
}
