import type { MeetingSummary } from '@veche/shared/meetings'

type BeforeCall = {
  /** Null: no meeting goes on. Undefined: the server has not said yet. */
  summary: Pick<MeetingSummary, 'audio'> | null | undefined
  /** The user came by the button for an audio call. */
  withoutCamera: boolean
  /** The server is being asked; false while it cannot be reached. */
  isAsked: boolean
}

/** Whether the page before a call opens with the camera. Null: wait, because this may be an audio call. */
export function cameraAtStart({ summary, withoutCamera, isAsked }: BeforeCall): 'on' | 'off' | null {
  if (withoutCamera || summary?.audio) return 'off'
  return summary === undefined && isAsked ? null : 'on'
}
