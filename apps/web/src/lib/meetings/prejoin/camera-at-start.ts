import type { MeetingSummary } from '@veche/shared/meetings'

/** The button by which the user came: *Call*, *Video call*, or one that joins what goes on. */
export type AskedFor = 'audio' | 'video' | null

type BeforeCall = {
  /** Null: no meeting goes on. Undefined: the server has not said yet. */
  summary: Pick<MeetingSummary, 'audio'> | null | undefined
  askedFor: AskedFor
  /** The server is being asked; false while it cannot be reached. */
  isAsked: boolean
}

/** Whether the page before a call opens with the camera. Null: wait, because this may be an audio call. */
export function cameraAtStart({ summary, askedFor, isAsked }: BeforeCall): 'on' | 'off' | null {
  if (askedFor) return askedFor === 'video' ? 'on' : 'off'
  if (summary?.audio) return 'off'
  return summary === undefined && isAsked ? null : 'on'
}
