import { expect, test } from 'vitest'
import { numbered, NumberReader } from './numbered-messages.ts'

function numbersIn(pieces: string[], marker = '<body>') {
  const found: number[] = []
  const reader = new NumberReader(marker)
  for (const piece of pieces) reader.read(piece, (number) => found.push(number))
  return found
}

const stanzas = [7, 8, 12_345].map((number) => `<message><body>${numbered(number, 'the bell rings')}</body></message>`)

test('the numbers of messages are found in the order of their stanzas', () => {
  expect(numbersIn([stanzas.join('')])).toEqual([7, 8, 12_345])
})

test('a stanza is counted once, wherever the network cuts it', () => {
  const text = stanzas.join('')
  for (let at = 1; at < text.length; at += 1)
    expect(numbersIn([text.slice(0, at), text.slice(at)])).toEqual([7, 8, 12_345])
  expect(numbersIn([...text])).toEqual([7, 8, 12_345])
})

test('a frame of the live stream gives the numbers of all its messages', () => {
  const frame = JSON.stringify({ rows: [{ body: numbered(3, 'one') }, { body: numbered(4, 'two') }] })
  expect(numbersIn([frame], '"body":"')).toEqual([3, 4])
})

test('what is no numbered message counts as nothing', () => {
  expect(numbersIn(['<body>the bell rings</body><presence/>'])).toEqual([])
})
