import type { MessageRow } from './rows/rows.ts'

/** The kinds of messages that count as unread, on the server and on every device. */
export const countedKinds: readonly MessageRow['kind'][] = ['text', 'call', 'file', 'voice']
