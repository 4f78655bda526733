import { expect, test } from 'vitest'
import { readChatOptions } from './options.ts'

test('without options all parts of Veche alone are measured in three rounds', () => {
  expect(readChatOptions([])).toEqual({
    beside: undefined,
    only: ['disk', 'delivery', 'sends', 'sync', 'reads', 'reconnect', 'memory'],
    rounds: 3,
    apis: 1,
    json: false,
  })
})

test('beside other servers the parts are those that all of them can do', () => {
  expect(readChatOptions(['--beside', 'ejabberd,prosody', '--seconds', '5'])).toEqual({
    beside: ['ejabberd', 'prosody'],
    only: ['delivery', 'one', 'fifty'],
    rounds: 3,
    seconds: 5,
    json: false,
  })
})

test.each([
  ['--only delivery,soup', 'There is no part "soup"; there is: disk, delivery, sends, sync, reads, reconnect, memory.'],
  [
    '--beside ejabberd --only sync',
    'There is no part to measure beside others "sync"; there is: delivery, one, fifty.',
  ],
  ['--beside xmpp', 'There is no server to measure beside "xmpp"; there is: ejabberd, prosody.'],
  ['--beside toString', 'There is no server to measure beside "toString"; there is: ejabberd, prosody.'],
  ['--beside prosody --apis 2', '--apis and --beside exclude each other: each server is one process.'],
  ['--rounds 0', '--rounds takes a whole number from 1, not "0".'],
  ['--seconds soon', '--seconds takes a whole number from 1, not "soon".'],
  ['--profle x', '"./veche bench chat --help" lists what it knows.'],
])('"%s" is refused in one sentence', (line, sentence) => {
  expect(() => readChatOptions(line.split(' '))).toThrow(sentence)
})
