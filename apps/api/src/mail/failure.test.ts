import { expect, it } from 'vitest'
import { failureOf, describeFailure, toErrorText } from './failure.ts'

it.each([
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
])('%o is said in words, and says whether another try makes sense', (thrown, sentence, again) => {
  const failure = failureOf(thrown)
  expect(failure.again).toBe(again)
  expect(describeFailure(toErrorText(failure), 'en')).toMatch(sentence)
  expect(describeFailure(toErrorText(failure), 'ru')).toMatch(/[а-я]{4}/)
})

it('what a mail server says is cut to a sentence', () => {
  const { said } = failureOf({ code: 'EMESSAGE', response: 'x'.repeat(10_000) })
  expect(said.length).toBeLessThanOrEqual(300)
})

it('a row without an error, or with one of another release, still gets a sentence', () => {
  expect(describeFailure(null, 'en')).toBe('The mail could not be sent.')
  expect(describeFailure('moonphase: full', 'en')).toBe('The mail could not be sent. (full)')
})
