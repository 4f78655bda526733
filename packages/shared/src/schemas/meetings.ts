import { z } from 'zod'
import { bootId, chatId, meetingId, newChatId, newMeetingId, nodeId, tabId, title } from './fields.ts'

/** Of `/m/<code>`: a short public id, and a MAC over it and the generation of the link. People may copy it with spaces and capitals. */
export const code = z
  .string()
  .max(40)
  .transform((text) => text.trim().toLowerCase())
  .pipe(z.string().regex(/^[0-9a-z]{9}-[0-9a-z]{10}$/))

/** The client makes the ids, so that a retry finds what the lost answer spoke of. `audio`: a new meeting is a call without video. */
export const start = z.strictObject({ id: newMeetingId, chatId, audio: z.boolean().default(false) })
/** A meeting with a group of its own, open to every user who has the link. */
export const create = z.strictObject({ id: newMeetingId, chatId: newChatId, title })
export const one = z.strictObject({ meetingId })
export const byCode = z.strictObject({ code })

/**
 * A seat belongs to one tab. `returning` is set when a tab rejoins by itself: it never takes the seat from another tab. `failed` names the
 * node and boot that the tab could not reach: it is probed before a node is chosen.
 */
export const join = z.strictObject({
  meetingId,
  code: code.optional(),
  tab: tabId,
  returning: z.boolean().default(false),
  failed: z.strictObject({ nodeId, boot: bootId }).optional(),
})
/**
 * A leave with an older epoch does nothing: the seat has been taken again. A page that is closed leaves, but not `byHand`: it may be
 * reloading, and come back.
 */
export const leave = z.strictObject({ meetingId, seatEpoch: z.int().min(0), byHand: z.boolean().default(false) })
export const ofChat = z.strictObject({ chatId })

/** `next` of the page before: when its last meeting ended, and which it was. */
export const history = z.strictObject({
  cursor: z
    .string()
    .max(80)
    .transform((text) => text.split('/'))
    .pipe(z.tuple([z.iso.datetime({ offset: true }), meetingId]))
    .transform(([endedAt, id]) => ({ endedAt, id }))
    .nullish(),
})

export type Start = z.output<typeof start>
export type Create = z.output<typeof create>
export type OneMeeting = z.output<typeof one>
export type ByCode = z.output<typeof byCode>
export type Join = z.output<typeof join>
export type Leave = z.output<typeof leave>
export type OfChat = z.output<typeof ofChat>
export type MeetingHistory = z.output<typeof history>
