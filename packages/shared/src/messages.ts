import type { MessageRow } from './rows/rows.ts'

/** The kinds of messages that count as unread, on the server and on every device. */
export const countedKinds: readonly MessageRow['kind'][] = ['text', 'call', 'file', 'voice']

/** The tabs of a gallery: pictures and videos, other files, messages with links, voice messages. */
export const galleryKinds = ['media', 'file', 'link', 'voice'] as const
export type GalleryKind = (typeof galleryKinds)[number]
/** Bounds of voice messages. `listenedDays`: so long a voice message tells its reader that they have not listened to it. */
export const voiceLimits = { minutes: 60, listenedDays: 30 } as const
