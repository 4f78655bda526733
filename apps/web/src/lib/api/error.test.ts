import { TRPCClientError } from '@trpc/client'
import { type ErrorCode, errorCodes } from '@veche/shared/errors'
import { beforeAll, expect, test } from 'vitest'
import { AppError, appError } from './error.ts'
import { describeError } from './error-description.ts'
import { describeLimit } from './limits/limit-description.ts'
import { loadEveryLanguage } from '#lib/test/words.ts'

beforeAll(loadEveryLanguage)

function answered(veche: unknown): TRPCClientError<never> {
  const shape = { message: 'x', code: -32600, data: { httpStatus: 400, veche } }
  return TRPCClientError.from({ error: shape } as never)
}

test('an error answer keeps its code, its fields, its incident and the time to wait', () => {
  const error = appError(
    answered({ code: 'request.too_many', retryAfterSeconds: 90, fields: ['email'], incident: 'a1' }),
  )
  expect(error).toMatchObject({
    code: 'request.too_many',
    retryAfterSeconds: 90,
    fields: ['email'],
    incident: 'a1',
    network: false,
  })
})

test('an error answer without a code is a server error, and one of a newer server reads like one', () => {
  const newer = appError(answered({ code: 'nothing.we.know' }))
  expect(describeError(newer, 'en')).toBe(describeError(new AppError('server.error'), 'en'))
  expect(appError(answered(undefined)).code).toBe('server.error')
})

test('a request without an answer is a network error, and one that takes too long is a timeout', () => {
  expect(appError(TRPCClientError.from(new TypeError('Failed to fetch')))).toMatchObject({
    code: 'network.unreachable',
    network: true,
    isTemporary: true,
  })
  const late = new DOMException('late', 'TimeoutError')
  expect(appError(TRPCClientError.from(late)).code).toBe('network.timeout')
})

test('an HTML page of a proxy counts as an unreachable server', () => {
  const cause = new SyntaxError('Unexpected token < in JSON')
  const meta = { response: new Response('<html>', { status: 502 }) }
  expect(appError(TRPCClientError.from(cause, { meta })).code).toBe('network.unreachable')
})

test('anything else that is thrown is a server error', () => {
  expect(appError('odd').code).toBe('server.error')
})

test.each(['en', 'ru'] as const)('every error code has a text of its own in %s', (locale) => {
  const texts = errorCodes.map((code) => describeError(new AppError(code), locale))
  expect(new Set(texts).size).toBe(errorCodes.length)
  for (const text of texts) expect(text).toMatch(/^\p{Lu}.*[.]$/su)
})

test('the text of an error says when to try again and which incident to report', () => {
  expect(describeError(new AppError('request.too_many', { retryAfterSeconds: 5 }), 'en')).toMatch(/in 5 seconds\.$/)
  expect(describeError(new AppError('request.too_many', { retryAfterSeconds: 61 }), 'ru')).toMatch(
    /через 2\u00a0минуты\.$/,
  )
  expect(describeError(new AppError('chat.too_many_added', { retryAfterSeconds: 80_000 }), 'en')).toMatch(
    /in 23 hours\.$/,
  )
  expect(describeError(new AppError('server.error', { incident: '7f3a' }), 'en')).toMatch(/Incident 7f3a\.$/)
})

test('the text of a limit of files says which it is and how much of it is taken', () => {
  const text = (code: ErrorCode, locale: 'en' | 'ru') =>
    describeLimit(new AppError(code, { bytes: { used: 9_800_000_000, max: 10_000_000_000 } }), locale)
  expect(text('file.too_large', 'en')).toBe('Files may be up to 10 GB.')
  expect(text('file.quota_full', 'en')).toBe('Your files take 9.8 GB of 10 GB. Delete some, or ask the administrator.')
  expect(text('file.storage_full', 'en')).toMatch(/^The files of all people take 9.8 GB of 10 GB/)
  expect(text('file.quota_full', 'ru').replaceAll('\u00a0', ' ')).toMatch(/^Ваши файлы занимают 9,8 ГБ из 10 ГБ/)
})
