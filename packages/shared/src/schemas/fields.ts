import { z } from 'zod'
import type {
  BootId,
  ClientId,
  ChatId,
  ContentId,
  InviteId,
  MeetingId,
  NodeId,
  SeatId,
  SessionId,
  TabId,
  UserId,
} from '../ids.ts'
import { cleanLine, cleanText, codePoints, composed, limits } from '../limits.ts'
import { serverLimits } from '../server-limits.ts'

/** For procedures without input: any input is refused. */
export const nothing = z.void()

const uuid = z.uuid().transform((id) => id.toLowerCase())
export const userId = uuid.transform((id) => id as UserId)
export const sessionId = uuid.transform((id) => id as SessionId)
export const chatId = uuid.transform((id) => id as ChatId)
export const contentId = uuid.transform((id) => id as ContentId)
export const inviteId = uuid.transform((id) => id as InviteId)
export const meetingId = uuid.transform((id) => id as MeetingId)
export const seatId = uuid.transform((id) => id as SeatId)
export const bootId = uuid.transform((id) => id as BootId)
export const tabId = uuid.transform((id) => id as TabId)
export const nodeId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
  .transform((id) => id as NodeId)
/** Client ids are v7: their time tells whether a retry comes too late to be recognised. */
export const clientId = z.uuidv7().transform((id) => id.toLowerCase() as ClientId)
export const newChatId = z.uuidv7().transform((id) => id.toLowerCase() as ChatId)
export const newMeetingId = z.uuidv7().transform((id) => id.toLowerCase() as MeetingId)
export const scopeId = uuid

export const seq = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
export const rev = seq

/** The bound of the raw length comes first, so that a client cannot make the server normalise a megabyte. */
function line(min: number, max: number) {
  return z
    .string()
    .max(max * 8)
    .transform(cleanLine)
    .refine((text) => codePoints(text) >= min && codePoints(text) <= max)
}

export const name = line(limits.name.min, limits.name.max)
export const title = line(1, limits.title)
export const fileName = line(1, limits.file.name)
export const search = line(0, serverLimits.search)
export const handle = z
  .string()
  .max(200)
  .transform((text) => text.trim().toLowerCase().replace(/^@/, ''))
  .refine((text) => new RegExp(`^[a-z][a-z0-9_]{${limits.handle.min - 1},${limits.handle.max - 1}}$`).test(text))
export const email = z
  .string()
  .max(limits.email)
  .transform((text) => text.trim().toLowerCase())
  .pipe(z.email())
/** A password is neither trimmed nor cut; only its characters are composed. */
export const password = z
  .string()
  .max(limits.password.max * 4)
  .transform(composed)
  .refine((text) => codePoints(text) >= limits.password.min && codePoints(text) <= limits.password.max)
export const token = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
/** From an address that a person may have cut or mistyped: such a link is unknown, like any other that opens nothing. */
export const askedToken = z.string().max(500)
/** A language, perhaps with a script and a region: "en", "pt-BR". The web app knows which ones it has. */
export const locale = z.string().regex(/^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$/)
export const body = z
  .string()
  .max(limits.message.body * 8)
  .transform(cleanText)
