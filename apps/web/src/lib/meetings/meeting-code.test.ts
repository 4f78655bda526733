import { expect, test } from 'vitest'
import { findMeetingCode } from './meeting-code.ts'

const code = 'k3v9x2q7a-5tz8w1bnmc'

test.each([
  code,
  ` ${code.toUpperCase()}\n`,
  `https://chat.example.org/m/${code}`,
  `chat.example.org/m/${code}/`,
  `http://localhost:8080/m/${code}?utm=1#top`,
])('the code of a meeting is found in "%s"', (pasted) => expect(findMeetingCode(pasted)).toBe(code))

test.each(['', 'hello', `${code}x`, `/n/${code}`, 'k3v9x2q7a', 'https://chat.example.org/m/'])(
  'no code of a meeting is found in "%s"',
  (pasted) => expect(findMeetingCode(pasted)).toBeNull(),
)
