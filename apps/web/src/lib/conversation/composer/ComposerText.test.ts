import { beforeEach, expect, test } from 'vitest'
import { ComposerText } from './ComposerText.svelte.ts'

type Sent = { message: string; done: () => void; fail: () => void }

let sent: Sent[]
let drafts: string[]
let text: ComposerText

beforeEach(() => {
  sent = []
  drafts = []
  text = new ComposerText({
    send: (message) => new Promise((done, fail) => sent.push({ message, done, fail: () => fail(new Error('full')) })),
    storeDraft: (draft) => drafts.push(draft),
  })
})

test('a text stays in the field until the outbox has it, and what was typed meanwhile stays after that', async () => {
  const sending = typeAndSend('one')
  await newestSent()
  text.value += ' and two'
  expect(text.value).toBe('one and two')
  sent[0]!.done()
  await sending
  expect([text.value, drafts]).toEqual([' and two', [' and two']])
})

test('the draft that is kept while a text is on its way is what was typed behind it', async () => {
  const sending = typeAndSend('one')
  await newestSent()
  expect(text.draft).toBe('')
  text.value += ' and two'
  expect(text.draft).toBe(' and two')
  sent[0]!.done()
  await sending
  expect(text.draft).toBe(' and two')
})

test('a text that still waits for the one before it is kept in the draft', async () => {
  void typeAndSend('one')
  void typeAndSend('two')
  await newestSent()
  expect(text.draft).toBe('two')
})

test('a text that the outbox refuses stays in the field with the error, and can be sent again', async () => {
  const refused = typeAndSend('keep me')
  await newestSent()
  sent[0]!.fail()
  await refused
  expect([text.value, text.error?.code]).toEqual(['keep me', 'server.error'])
  const again = text.send()
  await newestSent(2)
  sent[1]!.done()
  await again
  expect([text.value, text.error, sent[1]!.message]).toEqual(['', null, 'keep me'])
})

test('a text that the outbox refuses is the draft of the chat, with what was typed behind it', async () => {
  const refused = typeAndSend('keep me')
  await newestSent()
  text.value += ' and this'
  sent[0]!.fail()
  await refused
  expect(drafts).toEqual(['keep me and this'])
})

test('texts that are sent quickly one after another are sent once each and in their order', async () => {
  void typeAndSend('one')
  void typeAndSend('two')
  const last = text.send()
  for (const count of [1, 2]) {
    await newestSent(count)
    sent[count - 1]!.done()
  }
  await last
  expect([sent.map(({ message }) => message), text.value]).toEqual([['one', 'two'], ''])
})

test('what was sent behind a refused text stays with it in the field, and both are sent together the next time', async () => {
  void typeAndSend('one')
  const second = typeAndSend(' two')
  await newestSent()
  sent[0]!.fail()
  await second
  expect([text.value, text.error?.code, sent.length]).toEqual(['one two', 'server.error', 1])
  void text.send()
  await newestSent(2)
  expect(sent[1]!.message).toBe('one two')
})

test('a text that was changed while it was on its way to the outbox stays as it is', async () => {
  const sending = typeAndSend('hello')
  await newestSent()
  text.value = 'something else'
  sent[0]!.done()
  await sending
  expect(text.value).toBe('something else')
})

function typeAndSend(typed: string): Promise<void> {
  text.value += typed
  return text.send()
}

async function newestSent(count = 1): Promise<void> {
  await expect.poll(() => sent.length).toBe(count)
}

test('a second press while files are prepared waits for the first one, and takes what was typed meanwhile', async () => {
  const captions: string[] = []
  const prepared = Promise.withResolvers<void>()
  const send = async (caption: string) => {
    captions.push(caption)
    await prepared.promise
  }
  text.value = 'from the lake'
  const first = text.sendWith(send)
  const second = text.sendWith(send)
  await Promise.resolve()
  expect(captions).toEqual(['from the lake'])
  prepared.resolve()
  await Promise.all([first, second])
  expect([captions, text.value]).toEqual([['from the lake', ''], ''])
})
