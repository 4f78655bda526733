import { isDeepStrictEqual } from 'node:util'
import { absencesByMember, memberKey } from './absences.ts'
import { delays } from './delays.ts'
import type { Ending, Held, Stored, StormRecord } from './record.ts'

export type Oracle = { name: string; says: string; check: (record: StormRecord) => string[] }

export type Violation = { oracle: string; says: string; found: string[] }

/** Without Redis: two seconds between two polls and one to read and send; `slackMs` doubles it for a loaded machine. */
const slowestMs = 3_000
const slackMs = 3_000

export const oracles: Oracle[] = [
  { name: 'rest', says: 'When the storm is over, every device becomes idle.', check: unrest },
  { name: 'acked', says: 'Every acknowledged message is stored as it was acknowledged.', check: ackedIsStored },
  { name: 'once', says: 'Nothing is stored twice.', check: storedOnce },
  { name: 'written', says: 'Every stored message was written by somebody.', check: storedWasWritten },
  { name: 'refused', says: 'No refused message is stored.', check: refusedIsNotStored },
  {
    name: 'lost',
    says: 'Every written message is stored, unless it was refused or its author was removed.',
    check: nothingLost,
  },
  { name: 'retried', says: 'Every acknowledged message was given to the server at least twice.', check: retried },
  {
    name: 'sequence',
    says: 'Each chat counts 1 to n without holes, and revisions in the same order.',
    check: sequence,
  },
  {
    name: 'order',
    says: 'The messages of one device in one chat are stored in the order in which they were written.',
    check: senderOrder,
  },
  { name: 'state', says: 'Every device ends with what a new device would fetch.', check: endsEqual },
  {
    name: 'back',
    says: 'No device ever saw a seq or a revision go back.',
    check: ({ stepsBack }) => stepsBack.map(toText),
  },
  {
    name: 'silence',
    says: 'A removed member is shown nothing that was written afterwards.',
    check: removedHearNothing,
  },
  { name: 'mute', says: 'A removed member writes nothing afterwards.', check: removedSayNothing },
  { name: 'forgotten', says: 'A removed member keeps nothing on the device.', check: removedKeepNothing },
  { name: 'redis', says: `Without Redis a message arrives within ${slowestMs / 1000} s.`, check: arrivesWithoutRedis },
]

export function violationsOf(record: StormRecord): Violation[] {
  return oracles
    .map(({ name, says, check }) => ({ oracle: name, says, found: check(record) }))
    .filter(({ found }) => found.length > 0)
}

function unrest(record: StormRecord): string[] {
  return record.unrest === null ? [] : [record.unrest]
}

function ackedIsStored({ acks, stored }: StormRecord): string[] {
  const rows = byClientId(stored)
  return acks
    .filter((ack) => {
      const row = rows.get(ack.clientId)?.[0]
      return row?.chatId !== ack.chatId || row.seq !== ack.seq
    })
    .map(toText)
}

function storedOnce({ stored }: StormRecord): string[] {
  return [...byClientId(stored).values()].filter((rows) => rows.length > 1).map(toText)
}

function storedWasWritten({ composed, stored }: StormRecord): string[] {
  const written = new Map(composed.map((one) => [one.clientId, one]))
  return stored
    .filter(({ system, clientId, author, chatId, body, deleted }) => {
      if (system) return false
      const one = clientId ? written.get(clientId) : undefined
      const words = deleted ? body === null : body === one?.body
      return !one || one.author !== author || one.chatId !== chatId || !words
    })
    .map(toText)
}

function refusedIsNotStored({ refusals, stored }: StormRecord): string[] {
  const rows = byClientId(stored)
  return refusals.filter(({ clientId }) => rows.has(clientId)).map(toText)
}

function nothingLost({ composed, stored, refusals }: StormRecord): string[] {
  const rows = byClientId(stored)
  const refused = new Set(refusals.map(({ clientId }) => clientId))
  const away = absencesByMember(stored)
  return composed
    .filter(({ clientId }) => !rows.has(clientId) && !refused.has(clientId))
    .filter(({ author, chatId }) => !away.has(memberKey({ chatId, userId: author })))
    .map(toText)
}

/** Proves that the storm did its work: every first answer was lost. */
function retried({ acks, tries }: StormRecord): string[] {
  return acks.filter(({ clientId }) => (tries[clientId] ?? 0) < 2).map(toText)
}

/** A deleted message carries the revision of its deletion, which says nothing about the order of sending. */
function sequence({ stored, scopes }: StormRecord): string[] {
  return scopes.flatMap(({ id, seq, rev }) => {
    const rows = stored.filter(({ chatId }) => chatId === id).sort((a, b) => a.seq - b.seq)
    const holes = rows.filter((row, at) => row.seq !== at + 1)
    const living = rows.filter(({ deleted }) => !deleted)
    const disordered = living.filter((row, at) => row.rev <= (living[at - 1]?.rev ?? 0))
    const found = [...holes, ...disordered, ...rows.filter((row) => row.rev > rev)].map(toText)
    return rows.length === seq ? found : [`${id} has ${rows.length} messages and counts ${seq}`, ...found]
  })
}

function senderOrder({ composed, stored }: StormRecord): string[] {
  const rows = byClientId(stored)
  const byDeviceAndChat = Map.groupBy(composed, ({ device, chatId }) => `${device} ${chatId}`)
  return [...byDeviceAndChat.values()].flatMap((messages) => {
    const ordered = messages.sort((a, b) => a.order - b.order).flatMap((one) => rows.get(one.clientId) ?? [])
    return ordered.filter((row, at) => row.seq <= (ordered[at - 1]?.seq ?? 0)).map(toText)
  })
}

function endsEqual({ endings }: StormRecord): string[] {
  return endings.flatMap(({ device, held, fetched, people }) => {
    const ids = [...new Set([...Object.keys(held), ...Object.keys(fetched)])] as (keyof Ending['held'])[]
    const wrong = people.held.filter((person, at) => !isDeepStrictEqual(person, people.fetched[at]))
    return [
      ...ids.flatMap((id) => difference(held[id], fetched[id]).map((what) => `${device} in ${id}: ${what}`)),
      ...wrong.map((person) => `${device} holds of a person ${toText(person)}`),
    ]
  })
}

function difference(held: Held | undefined, fetched: Held | undefined): string[] {
  if (!held) return ['the chat is missing']
  if (!fetched) return ['the chat is nobody’s any more and still held']
  const plain = (['chat', 'membership', 'rev', 'unread'] as const)
    .filter((part) => !isDeepStrictEqual(held[part], fetched[part]))
    .map((part) => `${part} is ${toText(held[part])} and should be ${toText(fetched[part])}`)
  const should = new Map(fetched.messages.map((row) => [row.seq, row]))
  const wrong = held.messages
    .filter((row) => !isDeepStrictEqual(row, should.get(row.seq)))
    .map((row) => `message ${toText(row)} should be ${toText(should.get(row.seq))}`)
  const has = new Set(held.messages.map(({ seq }) => seq))
  const missing = fetched.messages.filter(({ seq }) => !has.has(seq)).map((row) => `message ${row.seq} is missing`)
  return [...plain, ...wrong, ...missing]
}

/** With open history, returning members may read what was written in their absence; with closed history they may not. */
function removedHearNothing({ stored, sightings, closedHistory }: StormRecord): string[] {
  const away = absencesByMember(stored)
  const closed = new Set(closedHistory)
  return sightings
    .filter((sighting) =>
      away.get(memberKey(sighting))?.some(({ from, to, until, chatId }) => {
        const meanwhile = sighting.seq >= from && sighting.seq < to
        return meanwhile && (sighting.at < Math.floor(until) || closed.has(chatId))
      }),
    )
    .map(toText)
}

function removedSayNothing({ stored }: StormRecord): string[] {
  const away = absencesByMember(stored)
  return stored
    .filter(({ chatId, author, seq }) =>
      away.get(memberKey({ chatId, userId: author }))?.some(({ from, to }) => seq > from && seq < to),
    )
    .map(toText)
}

function removedKeepNothing({ endings }: StormRecord): string[] {
  return endings.flatMap(({ device, leftovers }) =>
    Object.entries(leftovers)
      .filter(([, count]) => count > 0)
      .map(([id, count]) => `${device} keeps ${count} messages of ${id}`),
  )
}

function arrivesWithoutRedis(record: StormRecord): string[] {
  return delays(record)
    .withoutRedis.filter((delay) => delay > slowestMs + slackMs)
    .map((delay) => `a message took ${Math.round(delay)} ms`)
}

function byClientId(stored: Stored[]): Map<string, Stored[]> {
  return Map.groupBy(
    stored.filter((row) => row.clientId !== null),
    (row) => row.clientId!,
  )
}

function toText(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing'
}
