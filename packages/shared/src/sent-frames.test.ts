import { expect, test } from 'vitest'
import { newId, type ChatId, type ClientId, type UserId } from './ids.ts'
import type { ChangesFrame, LiveFrame } from './live.ts'
import type { MessageRow } from './rows/rows.ts'
import { fullFrame, LiveMessageReader, shortFrame } from './sent-frames.ts'

const id = newId<ChatId>()
const authorId = newId<UserId>()
const text: MessageRow = {
  chatId: id,
  seq: 7,
  rev: 9,
  authorId,
  clientId: newId<ClientId>(),
  kind: 'text',
  body: 'about eighty letters, as people write them when they are not in a hurry at all.',
  system: null,
  call: null,
  createdAt: '2026-01-02T03:04:05.678Z',
  editedAt: null,
  deletedAt: null,
}
const frameOf = (messages: MessageRow[], rest: Partial<ChangesFrame> = {}): ChangesFrame => ({
  type: 'changes',
  scope: 'chat',
  id,
  from: 8,
  rev: 9,
  rows: { messages },
  ...rest,
})
/** As a socket carries it. */
function carried(frame: LiveFrame) {
  const reader = new LiveMessageReader()
  reader.read('{"id":4,"result":{"type":"started"}}')
  return reader.read(JSON.stringify(shortFrame(frame)))
}

const systemMessage: MessageRow = { ...text, kind: 'system', clientId: null, body: null, system: { event: 'left' } }
const deleted: MessageRow = { ...text, body: null, deletedAt: text.createdAt, editedAt: text.createdAt }

test.each<[string, LiveFrame]>([
  ['a new message', frameOf([text])],
  [
    'several messages of several revisions',
    frameOf([{ ...text, seq: 5, rev: 7 }, { ...text, seq: 6, rev: 8 }, text], { from: 6 }),
  ],
  ['a system message', frameOf([systemMessage])],
  ['a deleted message', frameOf([deleted])],
  ['a message of another chat, which would be an error', frameOf([{ ...text, chatId: newId<ChatId>() }])],
  ['a frame that reaches further back than its rows', frameOf([text], { from: 2 })],
  ['a frame without rows', frameOf([], { rows: {}, from: 9 })],
  ['an empty list of messages', frameOf([])],
  ['a greeting', { type: 'hello', now: 5, release: '1' }],
  ['a signal', { type: 'signal', signal: { kind: 'typing', chatId: id, userId: authorId } }],
])('%s is the same after the way over a socket', (_name, frame) => {
  expect(carried(frame)).toEqual({ id: 4, result: { type: 'data', data: frame } })
})

test('a new message of eighty letters takes at most 400 bytes on the wire', () => {
  const headOfSocket = 4
  expect(JSON.stringify(shortFrame(frameOf([text]))).length + headOfSocket).toBeLessThanOrEqual(400)
})

test.each([
  ['the answer to another request', { id: 7, result: { type: 'data', data: null } }],
  ['an error', { id: 4, error: { message: 'auth.required' } }],
  ['a request of the server', { id: null, method: 'reconnect' }],
])('%s is read as it is', (_name, message) => {
  expect(new LiveMessageReader().read(JSON.stringify(message))).toEqual(message)
})

test.each(['null', '7', '"text"', '[]', '{"type":"unheard"}'])('%s is passed over', (text) => {
  expect(new LiveMessageReader().read(text)).not.toHaveProperty('result')
})

test('a frame with everything in it, as an older server sends it, is read too', () => {
  expect(fullFrame(frameOf([text]))).toEqual(frameOf([text]))
})
