import { expect, it } from 'vitest'
import { code } from '@veche/shared/schemas/meetings'
import { readEnv } from '../env.ts'
import { isGoodCode, linkCode, newPublicId, publicIdIn } from './links.ts'

const base = { DATABASE_URL: 'postgres://', REDIS_URL: '/r', VECHE_DATA: '/d' }
const env = readEnv({ ...base, VECHE_SECRET: 'a'.repeat(40) })
const link = { publicId: newPublicId(), generation: 1 }

it('a link code has twenty characters in letters that the schema accepts, and starts with the public id', () => {
  const text = linkCode(env, link)
  expect(text).toMatch(/^[02-9a-hjkmnp-z]{9}-[02-9a-hjkmnp-z]{10}$/)
  expect(code.parse(` ${text.toUpperCase()} `)).toBe(text)
  expect(publicIdIn(text)).toBe(link.publicId)
  expect(new Set(Array.from({ length: 1_000 }, newPublicId)).size).toBe(1_000)
})

it('a link code is valid exactly as it was given out', () => {
  const text = linkCode(env, link)
  expect(isGoodCode(env, text, link)).toBe(true)
  for (let index = 10; index < text.length; index += 1) {
    const other = text[index] === 'a' ? 'b' : 'a'
    expect(isGoodCode(env, text.slice(0, index) + other + text.slice(index + 1), link)).toBe(false)
  }
  expect(isGoodCode(env, text.slice(0, -1), link)).toBe(false)
  expect(isGoodCode(env, `${text}a`, link)).toBe(false)
})

it('a link code becomes invalid with the next generation, and when neither the secret nor the previous one made it', () => {
  const text = linkCode(env, link)
  expect(isGoodCode(env, text, { ...link, generation: 2 })).toBe(false)
  const changed = { ...base, VECHE_SECRET: 'b'.repeat(40) }
  expect(isGoodCode(readEnv(changed), text, link)).toBe(false)
  expect(isGoodCode(readEnv({ ...changed, VECHE_SECRET_PREVIOUS: env.VECHE_SECRET }), text, link)).toBe(true)
})
