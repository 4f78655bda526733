import type { DialogId, MeetingId } from '@veche/shared/ids'

export type CallToReturnTo = {
  meetingId: MeetingId
  dialogId: DialogId
  code: string | null
  mic: boolean
  cam: boolean
}

/** The call that this tab was in when it was reloaded. */
export async function callToReturnTo(): Promise<CallToReturnTo | null> {
  return null
}
