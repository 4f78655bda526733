import type { ClientId, ChatId, UserId } from '@veche/shared/ids'
import type { ChatRow, MembershipRow, MessageRow, PersonRow, SystemEvent } from '@veche/shared/rows/rows'
import type { Held, Stored, StormRecord } from './record.ts'

const chatId = 'chat' as ChatId
const anna = 'anna' as UserId
const boris = 'boris' as UserId
const vera = 'vera' as UserId

/**
 * A short sample: Anna and Boris write, Boris is removed, returns and is removed again. The second message
 * reached him while Redis was down.
 */
export function calmRecord(): StormRecord {
  const stored = [
    text(1, anna, 'c1', 'good morning', 1_000),
    text(2, anna, 'c2', 'is anybody there', 2_000),
    event(3, { event: 'removed', userId: boris }, 3_000),
    text(4, anna, 'c3', 'now we are alone', 4_000),
    event(5, { event: 'added', userIds: [boris] }, 5_000),
    event(6, { event: 'removed', userId: boris }, 6_000),
  ]
  const texts = stored.filter(({ clientId }) => clientId)
  return {
    composed: texts.map(({ clientId, author, body }, at) => ({
      clientId: clientId!,
      author,
      chatId,
      device: 'phone',
      body: body!,
      order: at + 1,
    })),
    tries: Object.fromEntries(texts.map(({ clientId }) => [clientId!, 2])),
    acks: texts.map(({ clientId, seq }) => ({ clientId: clientId!, chatId, seq })),
    refusals: [{ clientId: 'refused' as ClientId, code: 'chat.not_found' }],
    stored,
    scopes: [{ id: chatId, seq: 6, rev: 7 }],
    closedHistory: [],
    sightings: [
      { device: 'tablet', userId: boris, chatId, seq: 1, at: 1_020, steady: true },
      { device: 'tablet', userId: boris, chatId, seq: 2, at: 2_900, steady: true },
      { device: 'tablet', userId: boris, chatId, seq: 4, at: 5_050, steady: true },
    ],
    stepsBack: [],
    endings: [
      {
        device: 'phone',
        userId: anna,
        held: { [chatId]: held(stored) },
        fetched: { [chatId]: held(stored) },
        people: { held: [person()], fetched: [person()] },
        leftovers: {},
      },
      { device: 'desk', userId: vera, held: {}, fetched: {}, people: { held: [], fetched: [] }, leftovers: {} },
      {
        device: 'tablet',
        userId: boris,
        held: {},
        fetched: {},
        people: { held: [], fetched: [] },
        leftovers: { [chatId]: 0 },
      },
    ],
    outages: [{ of: 'redis', from: 1_900, to: 2_950 }],
    unrest: null,
    faults: { 'api killed': 1 },
  }
}

function text(seq: number, author: UserId, clientId: string, body: string, at: number): Stored {
  const row = { chatId, seq, rev: seq + 1, author, at, deleted: false }
  return { ...row, clientId: clientId as ClientId, body, system: null }
}

function event(seq: number, system: SystemEvent, at: number): Stored {
  const row = { chatId, seq, rev: seq + 1, author: anna, at, deleted: false }
  return { ...row, clientId: null, body: null, system }
}

function person(): PersonRow {
  return { id: boris, handle: 'boris', name: 'Boris', role: 'member', disabledAt: null, rev: 3 }
}

function held(stored: Stored[]): Held {
  const chat = { id: chatId, rev: 7, title: 'Square' } as ChatRow
  const membership = { chatId, rev: 2, readSeq: 6 } as MembershipRow
  const messages = stored.map(({ seq, rev, body }): MessageRow => {
    const row = { chatId, seq, rev, authorId: anna, clientId: null, kind: 'text' as const, body }
    return { ...row, system: null, call: null, createdAt: '', editedAt: null, deletedAt: null }
  })
  return { chat, membership, rev: 7, unread: 0, messages }
}
