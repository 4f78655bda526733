import type { ClientId, ChatId, UserId } from '@veche/shared/ids'
import type { ChatRow, MembershipRow, MessageRow, PersonRow, SystemEvent } from '@veche/shared/rows/rows'

/** Everything that was seen of a storm: what the oracles judge, and nothing else. */
export type StormRecord = {
  composed: Composed[]
  /** How often each was given to the server. */
  tries: Record<ClientId, number>
  acks: Ack[]
  refusals: { clientId: ClientId; code: string }[]
  stored: Stored[]
  scopes: { id: ChatId; seq: number; rev: number }[]
  /** Chats whose newcomers may not read what was written before. */
  closedHistory: ChatId[]
  /** The first time that a device was shown a message, whichever way. */
  sightings: Sighting[]
  /** Times at which something held by a device, or told by a stream, went back. */
  stepsBack: StepBack[]
  endings: Ending[]
  outages: Outage[]
  /** Why the devices did not come to rest; null when they did. */
  unrest: string | null
  faults: Record<string, number>
}

/** `order` counts what one device wrote in one chat. */
export type Composed = {
  clientId: ClientId
  device: string
  author: UserId
  chatId: ChatId
  body: string
  order: number
}

export type Ack = { clientId: ClientId; chatId: ChatId; seq: number; id: string }

export type Stored = {
  chatId: ChatId
  seq: number
  rev: number
  id: string
  author: UserId
  clientId: ClientId | null
  body: string | null
  system: SystemEvent | null
  at: number
  deleted: boolean
}

export type Sighting = {
  device: string
  userId: UserId
  chatId: ChatId
  seq: number
  at: number
  /** It came of itself to a device that had been online since before the message was written. */
  steady: boolean
}

export type StepBack = { device: string; chatId: string; what: string; from: number; to: number }

export type Outage = { of: 'redis' | 'postgres'; from: number; to: number }

export type Held = {
  chat: ChatRow | null
  membership: MembershipRow | null
  rev: number
  unread: number
  messages: MessageRow[]
}

/** What a device holds when all is quiet, beside what somebody new would fetch of the same. */
export type Ending = {
  device: string
  userId: UserId
  held: Record<ChatId, Held>
  fetched: Record<ChatId, Held>
  /** Everybody that the device has met. */
  people: { held: PersonRow[]; fetched: PersonRow[] }
  /** Messages on the device of chats that its person is no member of. */
  leftovers: Record<ChatId, number>
}
