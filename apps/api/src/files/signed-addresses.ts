import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { ContentId } from '@veche/shared/ids'
import type { Env } from '../env.ts'
import { deriveKey, installationSecrets } from '../platform/secrets.ts'
import { type Variant, variantSchema } from './storage/FileStorage.ts'

/** What a signed address opens: these bytes, under this name and type, and nothing else. */
export type SignedFile = { id: ContentId; variant: Variant; mime: string; name: string }

export const signedPath = '/api/files/signed/:id/:variant'

/** An address is the same for all who ask within this time, so that a cache between us and them can answer. */
const windowMs = 30_000

const addressSchema = z.strictObject({
  id: z.uuid(),
  variant: variantSchema,
  mime: z.string().min(1).max(255),
  name: z.string().min(1).max(1_000),
  until: z
    .string()
    .regex(/^[1-9]\d{0,14}$/)
    .transform(Number),
  signature: z.string().max(100),
})

/** It opens for half a minute to a minute, for whoever has it. */
export function signAddress(env: Env, file: SignedFile, now: number): string {
  const until = (Math.floor(now / windowMs) + 2) * windowMs
  const [secret] = installationSecrets(env)
  const query = new URLSearchParams({
    mime: file.mime,
    name: file.name,
    until: String(until),
    signature: signatureOf(secret!, file, until).toString('base64url'),
  })
  return `/api/files/signed/${file.id}/${file.variant}?${query}`
}

/** Null when we have not signed it, or it is too old. */
export function readAddress(
  env: Env,
  given: Record<string, unknown>,
  now: number,
): (SignedFile & { until: number }) | null {
  const read = addressSchema.safeParse(given)
  if (!read.success || read.data.until <= now) return null
  const { until, signature, id, variant, mime, name } = read.data
  const file = { id: id as ContentId, variant, mime, name }
  const isOurs = installationSecrets(env).some((secret) => isEqual(signatureOf(secret, file, until), signature))
  return isOurs ? { ...file, until } : null
}

function signatureOf(secret: string, { id, variant, mime, name }: SignedFile, until: number): Buffer {
  const key = deriveKey(secret, 'veche file address')
  return createHmac('sha256', key)
    .update(JSON.stringify([id, variant, mime, name, until]))
    .digest()
}

function isEqual(one: Buffer, given: string): boolean {
  const other = Buffer.from(given, 'base64url')
  return one.length === other.length && timingSafeEqual(one, other)
}
