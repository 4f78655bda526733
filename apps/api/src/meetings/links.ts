import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Env } from '../env.ts'
import { keyFor, secretsOf } from './node-keys.ts'

const letters = '23456789abcdefghjkmnpqrstuvwxyz0'
const lengths = { id: 9, mac: 10 }

/** What stands in the address of a meeting. Easily told apart when read aloud: no l, i, o or 1. */
export function newPublicId(): string {
  return spelled(randomBytes(lengths.id), lengths.id)
}

type Link = { publicId: string; generation: number }

/** `<id>-<mac>`: the id finds the meeting, the MAC proves that the link was given out, and not taken back since. */
export function linkCode(env: Env, link: Link): string {
  return coded(env.VECHE_SECRET, link)
}

export function publicIdIn(code: string): string {
  return code.slice(0, lengths.id)
}

export function isGoodCode(env: Env, code: string, link: Link): boolean {
  const given = Buffer.from(code)
  return secretsOf(env).some((secret) => {
    const right = Buffer.from(coded(secret, link))
    return given.length === right.length && timingSafeEqual(given, right)
  })
}

function coded(secret: string, { publicId, generation }: Link): string {
  const key = keyFor(secret, 'veche meeting link')
  return `${publicId}-${spelled(createHmac('sha256', key).update(`${publicId} ${generation}`).digest(), lengths.mac)}`
}

/** A letter a byte: five bits of each. */
function spelled(bytes: Buffer, length: number): string {
  return [...bytes.subarray(0, length)].map((byte) => letters[byte % letters.length]).join('')
}
