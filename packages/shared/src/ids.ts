import { v7 } from 'uuid'

declare const brand: unique symbol
type Id<Name extends string> = string & { readonly [brand]: Name }

export type UserId = Id<'user'>
export type SessionId = Id<'session'>
export type ChatId = Id<'chat'>
export type MessageId = Id<'message'>
export type ClientId = Id<'client'>
export type InviteId = Id<'invite'>
export type MailId = Id<'mail'>
export type MeetingId = Id<'meeting'>
export type SeatId = Id<'seat'>
/** One life of a media node's process: a new boot is the death of the one before. */
export type BootId = Id<'boot'>
/** The name an operator gave a media node: sfu-0. */
export type NodeId = Id<'node'>
/** One browser tab, as it calls itself: it keeps this over a reload. */
export type TabId = Id<'tab'>
/** A chat, a meeting, a user or the directory: whatever has a counter and a lock of its own. */
export type ScopeId = string

/** The one directory scope of an installation. */
export const DIRECTORY_SCOPE: ScopeId = '00000000-0000-7000-8000-000000000001'

/** `now` is the server's idea of the time: a wrong clock on a phone must not age a client id. */
export function newId<T extends string>(now: number = Date.now()): T {
  return v7({ msecs: now }) as T
}

/** The moment a v7 id was made, in milliseconds. */
export function idTime(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}
