declare const brand: unique symbol
/** Browsers and Node have it; this package knows the types of neither. */
declare const crypto: { getRandomValues(bytes: Uint8Array): void }

type Id<Name extends string> = string & { readonly [brand]: Name }

export type UserId = Id<'user'>
export type SessionId = Id<'session'>
export type ChatId = Id<'chat'>
export type ClientId = Id<'client'>
/** The bytes of a file; it is the id of their upload too. */
export type ContentId = Id<'content'>
/** A file as it stands in one message. */
export type FileId = Id<'file'>
/** A picture of a person or of a group. */
export type AvatarId = Id<'avatar'>
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

/**
 * A UUID of version 7 (RFC 9562): the time, then random bits. `now` is the server's time as far as it is known: with the wrong clock of a
 * phone a client id would look old.
 */
export function newId<T extends string>(now: number = Date.now()): T {
  const bytes = new Uint8Array(16)
  crypto.getRandomValues(bytes)
  bytes[6] = 0x70 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  const random = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const time = Math.trunc(Math.min(Math.max(now || 0, 0), MAX_TIME))
    .toString(16)
    .padStart(12, '0')
  return (time + random.slice(12)).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') as T
}

const MAX_TIME = 2 ** 48 - 1

/** When a v7 id was made, in milliseconds. */
export function idTime(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}
