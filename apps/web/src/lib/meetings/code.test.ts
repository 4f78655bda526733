import { expect, test } from 'vitest'
import { codeIn } from './code.ts'

const code = 'k3v9x2q7a-5tz8w1bnmc'

test.each([
  code,
  ` ${code.toUpperCase()}\n`,
  `https://chat.example.org/m/${code}`,
  `chat.example.org/m/${code}/`,
  `http://localhost:8080/m/${code}?utm=1#top`,
])('the code is found in "%s"', (pasted) => expect(codeIn(pasted)).toBe(code))

test.each(['', 'hello', `${code}x`, `/n/${code}`, 'k3v9x2q7a', 'https://chat.example.org/m/'])(
  'there is no code in "%s"',
  (pasted) => expect(codeIn(pasted)).toBeNull(),
)
