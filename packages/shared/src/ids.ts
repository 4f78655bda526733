import { v7 } from 'uuid'

declare const brand: unique symbol
type Id<Name extends string> = string & { readonly [brand]: Name }

export type UserId = Id<'user'>
export type SessionId = Id<'session'>
export type ChatId = Id<'chat'>
export type ClientId = Id<'client'>
export type InviteId = Id<'invite'>
export type MailId = Id<'mail'>
export type MeetingId = Id<'meeting'>
export type SeatId = Id<'seat'>
/** One start of a media node's process: a new boot means that the one before has ended. */
export type BootId = Id<'boot'>
/** The name that the operator gave a media node, for example sfu-0. */
export type NodeId = Id<'node'>
/** One browser tab. The tab makes the id itself and keeps it over a reload. */
export type TabId = Id<'tab'>
/** The id of a chat, a meeting, a user or the directory. */
export type ScopeId = string

/** The one directory scope of an installation. */
export const DIRECTORY_SCOPE: ScopeId = '00000000-0000-7000-8000-000000000001'

/** `now` is the server's time as far as it is known: with the wrong clock of a phone a client id would look old. */
export function newId<T extends string>(now: number = Date.now()): T {
  return v7({ msecs: now }) as T
}

/** When a v7 id was made, in milliseconds. */
export function idTime(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}
