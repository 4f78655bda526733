import { expect, test } from 'vitest'
import { toErrorText } from '../platform/work/due-tables.ts'
import { failureOf, describeFailure } from './failure.ts'

test.each([
  [{ code: 'ECONNECTION', message: 'connect ECONNREFUSED' }, /could not be reached/, true],
  [{ code: 'EDNS', message: 'getaddrinfo ENOTFOUND' }, /could not be reached/, true],
  [{ code: 'ETIMEDOUT', message: 'Greeting never received' }, /took too long/, true],
  [{ name: 'TimeoutError', message: 'aborted' }, /took too long/, true],
  [{ code: 'ETLS', message: 'certificate has expired' }, /secure connection/, true],
  [{ code: 'EAUTH', responseCode: 535, response: '535 no' }, /user name or password/, true],
  [{ code: 'EENVELOPE', responseCode: 550, response: '550 unknown' }, /refused the address/, false],
  [{ code: 'EENVELOPE', responseCode: 451, response: '451 later' }, /refused the address/, true],
  [{ code: 'EMESSAGE', responseCode: 554, response: '554 spam' }, /refused the mail/, false],
  [{ code: 'ENOSPC', message: 'no space left on device' }, /no room left/, true],
  ['thrown text', /could not be sent/, true],
  [null, /could not be sent/, true],
])(
  'the error %o is described in both languages, and tells whether another try makes sense',
  (thrown, sentence, isTemporary) => {
    const failure = failureOf(thrown)
    expect(failure.isTemporary).toBe(isTemporary)
    expect(describeFailure(toErrorText(failure), 'en')).toMatch(sentence)
    expect(describeFailure(toErrorText(failure), 'ru')).toMatch(/[а-я]{4}/)
  },
)

test('the answer of a mail server is cut to 300 characters', () => {
  const { answer } = failureOf({ code: 'EMESSAGE', response: 'x'.repeat(10_000) })
  expect(answer.length).toBeLessThanOrEqual(300)
})

test('a mail without an error, or with one of another release, still gets a description', () => {
  expect(describeFailure(null, 'en')).toBe('The mail could not be sent.')
  expect(describeFailure('moonphase: full', 'en')).toBe('The mail could not be sent. (full)')
})
