import type { UserId } from '@veche/shared/ids'
import type { DialogRow } from '@veche/shared/rows/rows'
import { untrack } from 'svelte'
import type { Api } from '#lib/api/client.ts'
import type { Live } from '#lib/live/live.svelte.ts'

type WhoIsIn = { readonly known: boolean; readonly count: number; readonly userIds: UserId[] }

/** Who is in the meeting of a dialog now: asked for once and after each new connection, then as the stream tells. */
export function whoIsIn(api: Api, live: Live, dialogOf: () => DialogRow): WhoIsIn {
  let answer = $state.raw<{ meetingId: string; count: number; userIds: UserId[] } | null>(null)
  const now = $derived.by(() => {
    const { id, liveMeetingId } = dialogOf()
    const told = live.meeting(id)
    if (told?.meetingId === liveMeetingId) return told
    return answer?.meetingId === liveMeetingId ? answer : null
  })
  $effect(() => {
    const { id, liveMeetingId } = dialogOf()
    if (!liveMeetingId || live.status !== 'online') return
    untrack(() => {
      const ask = api.meetings.ofDialog.query({ dialogId: id })
      ask.then(
        (look) => (answer = look),
        () => undefined,
      )
    })
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
