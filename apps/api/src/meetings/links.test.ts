import { expect, it } from 'vitest'
import { code } from '@veche/shared/schemas/meetings'
import { readEnv } from '../env.ts'
import { isGoodCode, linkCode, newPublicId, publicIdIn } from './links.ts'

const base = { DATABASE_URL: 'postgres://', REDIS_URL: '/r', VECHE_DATA: '/d' }
const env = readEnv({ ...base, VECHE_SECRET: 'a'.repeat(40) })
const link = { publicId: newPublicId(), generation: 1 }

it('is as short as people can copy, and spelled as the schema takes it', () => {
  const text = linkCode(env, link)
  expect(text).toMatch(/^[02-9a-hjkmnp-z]{9}-[02-9a-hjkmnp-z]{10}$/)
  expect(code.parse(` ${text.toUpperCase()} `)).toBe(text)
  expect(publicIdIn(text)).toBe(link.publicId)
  expect(new Set(Array.from({ length: 1_000 }, newPublicId)).size).toBe(1_000)
})

it('is good as it was given out, and in no other spelling', () => {
  const text = linkCode(env, link)
  expect(isGoodCode(env, text, link)).toBe(true)
  for (let at = 10; at < text.length; at += 1) {
    const other = text[at] === 'a' ? 'b' : 'a'
    expect(isGoodCode(env, text.slice(0, at) + other + text.slice(at + 1), link)).toBe(false)
  }
  expect(isGoodCode(env, text.slice(0, -1), link)).toBe(false)
  expect(isGoodCode(env, `${text}a`, link)).toBe(false)
})

it('ends with its generation, and with the secret once both have changed', () => {
  const text = linkCode(env, link)
  expect(isGoodCode(env, text, { ...link, generation: 2 })).toBe(false)
  const changed = { ...base, VECHE_SECRET: 'b'.repeat(40) }
  expect(isGoodCode(readEnv(changed), text, link)).toBe(false)
  expect(isGoodCode(readEnv({ ...changed, VECHE_SECRET_PREVIOUS: env.VECHE_SECRET }), text, link)).toBe(true)
})
