import type { MessageRow } from './rows/rows.ts'

/** The kinds of messages that count as unread, on the server and on every device. */
export const countedKinds: readonly MessageRow['kind'][] = ['text', 'call', 'file', 'voice']

/** Bounds of voice messages. `listenedDays`: so long a voice message tells its reader that they have not listened to it. */
export const voiceLimits = { minutes: 60, listenedDays: 30 } as const
