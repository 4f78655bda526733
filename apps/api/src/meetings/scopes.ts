import { missingScopeAs } from '../platform/scopes/changes.ts'

/** A scope that is not there is a meeting that is not there. */
export const orNoSuchMeeting = missingScopeAs('meeting.not_found')
