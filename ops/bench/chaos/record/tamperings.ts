import type { ClientId, ChatId, UserId } from '@veche/shared/ids'
import { absences } from './absences.ts'
import type { Stored, StormRecord } from './record.ts'

/** Traces that a broken product would leave. The oracles must notice each of them, in the sample as in a real record. */
export const tamperings: { oracle: string; what: string; tamper: (record: StormRecord) => void }[] = [
  { oracle: 'rest', what: 'a device that still sends', tamper: (record) => void (record.unrest = 'A has 3 to send') },
  {
    oracle: 'acked',
    what: 'an acknowledged message that is not there',
    tamper: (record) => void remove(record, acked(record)),
  },
  {
    oracle: 'acked',
    what: 'an acknowledged message with another seq',
    tamper: (record) => void (record.acks[0]!.seq += 1),
  },
  {
    oracle: 'once',
    what: 'a message stored twice',
    tamper: (record) => void record.stored.push({ ...acked(record), seq: next(record) }),
  },
  { oracle: 'written', what: 'a message that nobody wrote', tamper: (record) => void record.composed.shift() },
  {
    oracle: 'written',
    what: 'a message with other words',
    tamper: (record) => void (acked(record).body = 'something else'),
  },
  {
    oracle: 'refused',
    what: 'a refused message that is stored',
    tamper: (record) => void record.refusals.push({ clientId: record.acks[0]!.clientId, code: 'chat.not_found' }),
  },
  { oracle: 'lost', what: 'a message that is nowhere', tamper: loseOne },
  {
    oracle: 'retried',
    what: 'a storm in which nothing was lost',
    tamper: (record) => void (record.tries[record.acks[0]!.clientId] = 1),
  },
  { oracle: 'sequence', what: 'a hole', tamper: (record) => void (record.stored.at(-1)!.seq += 1) },
  { oracle: 'sequence', what: 'a counter that ran ahead', tamper: (record) => void (record.scopes[0]!.seq += 1) },
  { oracle: 'sequence', what: 'a revision out of order', tamper: (record) => void (living(record).rev = 0) },
  { oracle: 'order', what: 'two messages the wrong way round', tamper: swapTwo },
  {
    oracle: 'state',
    what: 'a held row that differs',
    tamper: (record) => void (aHeld(record).messages[0]!.body = 'other words'),
  },
  { oracle: 'state', what: 'a missing row', tamper: (record) => void aHeld(record).messages.pop() },
  { oracle: 'state', what: 'a wrong unread number', tamper: (record) => void (aHeld(record).unread += 1) },
  {
    oracle: 'state',
    what: 'a person under an old name',
    tamper: (record) => void (holder(record).people.held[0]!.name = 'Somebody'),
  },
  {
    oracle: 'state',
    what: 'a chat too many',
    tamper: (record) => void (record.endings.at(-1)!.held['foreign' as ChatId] = aHeld(record)),
  },
  { oracle: 'state', what: 'a chat too few', tamper: (record) => void (holder(record).held = {}) },
  {
    oracle: 'back',
    what: 'a cursor that went back',
    tamper: (record) => void record.stepsBack.push({ device: 'A', chatId: 'd', what: 'the cursor', from: 2, to: 1 }),
  },
  { oracle: 'silence', what: 'a message shown to somebody removed', tamper: showToRemoved },
  { oracle: 'silence', what: 'closed history shown to somebody who came back', tamper: showClosedHistory },
  { oracle: 'mute', what: 'a message by somebody removed', tamper: letRemovedSpeak },
  {
    oracle: 'forgotten',
    what: 'messages on the device of somebody removed',
    tamper: (record) => void (record.endings[0]!.leftovers['old' as ChatId] = 4),
  },
  { oracle: 'redis', what: 'a message that came late', tamper: delayOne },
]

function acked({ acks, stored }: StormRecord): Stored {
  return stored.find(({ clientId, deleted }) => !deleted && acks.some((ack) => ack.clientId === clientId))!
}

function living({ stored }: StormRecord): Stored {
  return stored.findLast(({ deleted, seq }) => !deleted && seq > 1)!
}

function remove(record: StormRecord, row: Stored): void {
  record.stored = record.stored.filter((other) => other !== row)
}

function next({ stored }: StormRecord): number {
  return Math.max(...stored.map(({ seq }) => seq)) + 1
}

/** As if the message had left the outbox without an answer. */
function loseOne(record: StormRecord): void {
  const away = absences(record.stored)
  const { clientId } = record.composed.find(
    (one) => !away.some(({ userId, chatId }) => userId === one.author && chatId === one.chatId),
  )!
  record.acks = record.acks.filter((ack) => ack.clientId !== clientId)
  record.refusals = record.refusals.filter((refusal) => refusal.clientId !== clientId)
  record.stored = record.stored.filter((row) => row.clientId !== clientId)
}

function swapTwo({ composed, stored }: StormRecord): void {
  const lanes = Map.groupBy(
    composed.filter(({ clientId }) => stored.some((row) => row.clientId === clientId)),
    ({ device, chatId }) => `${device} ${chatId}`,
  )
  const [one, other] = [...lanes.values()].find((lane) => lane.length > 1)!
  ;[one!.order, other!.order] = [other!.order, one!.order]
}

function holder({ endings }: StormRecord): StormRecord['endings'][number] {
  return endings.find(({ held }) => Object.keys(held).length > 0)!
}

function aHeld(record: StormRecord) {
  return Object.values(holder(record).held)[0]!
}

function showToRemoved(record: StormRecord): void {
  const { chatId, userId, from } = absences(record.stored)[0]!
  record.sightings.push({ device: 'A', chatId, userId, seq: from, at: 0, steady: true })
}

function showClosedHistory(record: StormRecord): void {
  const { chatId, userId, from, until } = absences(record.stored).find(({ until }) => until < Infinity)!
  record.closedHistory.push(chatId)
  record.sightings.push({ device: 'A', chatId, userId, seq: from, at: until + 1_000, steady: true })
}

function letRemovedSpeak(record: StormRecord): void {
  const { chatId, userId, from } = absences(record.stored).at(-1)!
  const row = { chatId, seq: from + 1, rev: 1, author: userId, clientId: 'x' as ClientId, body: '', at: 0 }
  record.stored.push({ ...row, system: null, deleted: false })
}

/** Ten seconds with Redis down and no other fault. Somebody got the message who was not away from its chat. */
function delayOne(record: StormRecord): void {
  const away = absences(record.stored)
  const isAway = (userId: UserId, { chatId, at }: Stored) =>
    away.some((absence) => absence.userId === userId && absence.chatId === chatId && absence.until > at)
  const readerOf = (row: Stored) =>
    record.endings.find(({ userId }) => userId !== row.author && !isAway(userId, row))?.userId
  const row = record.stored.findLast((one) => readerOf(one) !== undefined)!
  const { chatId, seq, at } = row
  record.outages = [{ of: 'redis', from: at, to: at + 10_000 }]
  record.sightings.push({ device: 'A', userId: readerOf(row)!, chatId, seq, at: at + 10_000, steady: true })
}
