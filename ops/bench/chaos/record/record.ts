import type { ClientId, ChatId, UserId } from '@veche/shared/ids'
import type { ChatRow, MembershipRow, MessageRow, PersonRow, SystemEvent } from '@veche/shared/rows/rows'

/** Everything that was recorded of a storm: the only input of the oracles. */
export type StormRecord = {
  composed: Composed[]
  /** How often each message was sent to the server. */
  tries: Record<ClientId, number>
  acks: Ack[]
  refusals: { clientId: ClientId; code: string }[]
  stored: Stored[]
  scopes: { id: ChatId; seq: number; rev: number }[]
  /** Chats whose new members may not read older messages. */
  closedHistory: ChatId[]
  /** The first time that a device received each message, by any way. */
  sightings: Sighting[]
  /** Each time that a revision or seq on a device or in a stream went back. */
  stepsBack: StepBack[]
  endings: Ending[]
  outages: Outage[]
  /** Why the devices did not become idle; null when they did. */
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

export type Ack = { clientId: ClientId; chatId: ChatId; seq: number }

export type Stored = {
  chatId: ChatId
  seq: number
  rev: number
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
  /** True when the message was pushed to a device that was online since before it was written. */
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

/** What a device holds at the end, and what an empty device would fetch of the same. */
export type Ending = {
  device: string
  userId: UserId
  held: Record<ChatId, Held>
  fetched: Record<ChatId, Held>
  /** All people whose rows the device holds. */
  people: { held: PersonRow[]; fetched: PersonRow[] }
  /** Messages on the device in chats that its user is no member of. */
  leftovers: Record<ChatId, number>
}
