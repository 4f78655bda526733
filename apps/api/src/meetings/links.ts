import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Env } from '../env.ts'
import { deriveKey, installationSecrets } from '../platform/secrets.ts'

const letters = '23456789abcdefghjkmnpqrstuvwxyz0'
const lengths = { id: 9, mac: 10 }

/** The public id of a meeting in its address. Its letters are easily told apart when read aloud: no l, i, o or 1. */
export function newPublicId(): string {
  return spell(randomBytes(lengths.id), lengths.id)
}

type MeetingLink = { publicId: string; generation: number }

/** `<id>-<mac>`: the id finds the meeting, and the MAC proves that the server gave this link out and has not withdrawn it since. */
export function linkCode(env: Env, link: MeetingLink): string {
  return codeFor(env.VECHE_SECRET, link)
}

export function publicIdIn(code: string): string {
  return code.slice(0, lengths.id)
}

export function isGoodCode(env: Env, code: string, link: MeetingLink): boolean {
  const given = Buffer.from(code)
  return installationSecrets(env).some((secret) => {
    const right = Buffer.from(codeFor(secret, link))
    return given.length === right.length && timingSafeEqual(given, right)
  })
}

function codeFor(secret: string, { publicId, generation }: MeetingLink): string {
  const key = deriveKey(secret, 'veche meeting link')
  return `${publicId}-${spell(createHmac('sha256', key).update(`${publicId} ${generation}`).digest(), lengths.mac)}`
}

/** One letter for each byte, of which five bits are used. */
function spell(bytes: Buffer, length: number): string {
  return [...bytes.subarray(0, length)].map((byte) => letters[byte % letters.length]).join('')
}
