import { TRPCClientError } from '@trpc/client'
import { errorCodes } from '@veche/shared/errors'
import { expect, test } from 'vitest'
import { AppError, appError } from './error.ts'
import { sentence } from './sentence.ts'

function answered(veche: unknown): TRPCClientError<never> {
  const shape = { message: 'x', code: -32600, data: { httpStatus: 400, veche } }
  return TRPCClientError.from({ error: shape } as never)
}

test('an answer with a code keeps what travels with it', () => {
  const error = appError(answered({ code: 'request.too_many', retryAfter: 90, fields: ['email'], incident: 'a1' }))
  expect(error).toMatchObject({
    code: 'request.too_many',
    retryAfter: 90,
    fields: ['email'],
    incident: 'a1',
    network: false,
  })
})

test('an answer without a code that is known is an error of the server', () => {
  expect(appError(answered({ code: 'nothing.we.know' })).code).toBe('server.error')
  expect(appError(answered(undefined)).code).toBe('server.error')
})

test('no answer at all is trouble with the network, and too late is late', () => {
  expect(appError(TRPCClientError.from(new TypeError('Failed to fetch')))).toMatchObject({
    code: 'network.unreachable',
    network: true,
    passing: true,
  })
  const late = new DOMException('late', 'TimeoutError')
  expect(appError(TRPCClientError.from(late)).code).toBe('network.timeout')
})

test('a page of a proxy instead of an answer counts as unreachable', () => {
  const cause = new SyntaxError('Unexpected token < in JSON')
  const meta = { response: new Response('<html>', { status: 502 }) }
  expect(appError(TRPCClientError.from(cause, { meta })).code).toBe('network.unreachable')
})

test('whatever else is thrown is an error with a sentence too', () => {
  expect(appError('odd').code).toBe('server.error')
})

test.each(['en', 'ru'] as const)('every code has a sentence of its own in %s', (locale) => {
  const said = errorCodes.map((code) => sentence(new AppError(code), locale))
  expect(new Set(said).size).toBe(errorCodes.length)
  for (const text of said) expect(text).toMatch(/^\p{Lu}.*[.]$/su)
})

test('a sentence says when to try again, in words, and which incident to name', () => {
  expect(sentence(new AppError('request.too_many', { retryAfter: 5 }), 'en')).toMatch(/in 5 seconds\.$/)
  expect(sentence(new AppError('request.too_many', { retryAfter: 61 }), 'ru')).toMatch(/через 2\u00a0минуты\.$/)
  expect(sentence(new AppError('server.error', { incident: '7f3a' }), 'en')).toMatch(/Incident 7f3a\.$/)
})
