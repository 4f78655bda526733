import { limits } from '@veche/shared/limits'
import { expect, test } from 'vitest'
import { codeProblem, emailProblem, nameProblem, newPasswordProblem } from './fields.ts'
import { nextPath } from '#lib/session/next-path.ts'

test('a name needs a visible character, and its length is counted in code points', () => {
  expect(nameProblem(' \u0007\t ')).toBe('needName')
  expect(nameProblem('🔔'.repeat(limits.name.max))).toBeNull()
  expect(nameProblem('🔔'.repeat(limits.name.max + 1))).toBe('longName')
})

test.each(['anna@example.org', ' Anna@Example.org ', 'a+b@пример.рф'])('"%s" may be an email address', (email) =>
  expect(emailProblem(email)).toBeNull(),
)

test.each(['', 'anna', 'anna@', '@example.org', 'anna@example', 'an na@example.org', `${'a'.repeat(250)}@x.org`])(
  '"%s" is no email address',
  (email) => expect(emailProblem(email)).toBe('needEmail'),
)

test('a password may be of spaces, and only its length counts', () => {
  expect(newPasswordProblem('        ')).toBeNull()
  expect(newPasswordProblem('short')).toBe('shortPassword')
  expect(newPasswordProblem('x'.repeat(limits.password.max + 1))).toBe('longPassword')
})

test('a code is six digits, and spaces around it are ignored', () => {
  expect(codeProblem(' 012345 ')).toBeNull()
  expect(codeProblem('12345')).toBe('needCode')
})

test.each([
  ['/settings/profile', '/settings/profile'],
  ['/chats/1?x=2', '/chats/1?x=2'],
  [null, '/'],
  ['', '/'],
  ['https://evil.example', '/'],
  ['https:evil.example', '/'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['\\\\evil.example', '/'],
  ['\\/evil.example', '/'],
  ['/\t/evil.example', '/'],
  ['/\n\\evil.example', '/'],
  [' //evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['/signin?next=/signin', '/'],
])('signing in with next=%s leads to %s', (asked, path) => expect(nextPath(asked)).toBe(path))
