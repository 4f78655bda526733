import type { MessageRow } from './rows/rows.ts'

/** What counts as unread, on the server and on every device: what somebody said, and that somebody began a meeting. */
export const countedKinds: readonly MessageRow['kind'][] = ['text', 'call']
