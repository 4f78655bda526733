import { createHmac, randomUUID } from 'node:crypto'
import type { BootId, NodeId } from '@veche/shared/ids'
import type { TicketClaims } from '@veche/shared/ticket'
import { SignJWT } from 'jose'
import { beforeEach, expect, test } from 'vitest'
import { CallError } from '../errors.ts'
import { newClaims, newSigner, sign } from '../test/TestApi.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { Tickets } from './Tickets.ts'

const node = { id: 'sfu-0' as NodeId, boot: randomUUID() as BootId }
const signer = newSigner('one')
let clock: ManualClock
let tickets: Tickets
beforeEach(async () => {
  clock = new ManualClock()
  tickets = new Tickets(clock, node)
  await tickets.applyHeartbeatAnswer({ now: Date.now(), keys: [signer] })
})

const ticket = (some: Partial<TicketClaims> = {}) => sign(newClaims(node, some), signer)
const outcome = (jwt: string) =>
  tickets.use(jwt).then(
    () => 'valid',
    (error: unknown) => (error instanceof CallError ? error.code : error),
  )

test('a ticket is valid once', async () => {
  const jwt = await ticket()
  expect([await outcome(jwt), await outcome(jwt)]).toEqual(['valid', 'call.ticket_invalid'])
})

test('a ticket that is used several times at the same moment is accepted once', async () => {
  const jwt = await ticket()
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => outcome(jwt)))
  expect(outcomes.filter((one) => one === 'valid')).toHaveLength(1)
})

test('a ticket expires by the clock of the API, however wrong the clock of the node is', async () => {
  await tickets.applyHeartbeatAnswer({ now: Date.UTC(2040, 0), keys: [signer] })
  expect(await outcome(await ticket())).toBe('call.ticket_invalid')
  const iat = Date.UTC(2040, 0) / 1000
  const late = await ticket({ iat, exp: iat + 60 })
  clock.advance(61_000)
  expect(await outcome(late)).toBe('call.ticket_invalid')
  expect(await outcome(await ticket({ iat: iat + 61, exp: iat + 121 }))).toBe('valid')
})

test('a ticket with claims of a newer release is valid, and one of a release that is too old is refused in clear words', async () => {
  const newer = { ...newClaims(node), protocol: 7, lobby: true, capabilities: ['mic', 'draw'] }
  expect(await outcome(await sign(newer, signer))).toBe('valid')
  expect(await outcome(await ticket({ protocol: 0 }))).toBe('version.too_old')
})

test('a ticket that was issued in the future is refused', async () => {
  const iat = Math.floor(Date.now() / 1000) + 600
  expect(await outcome(await ticket({ iat, exp: iat + 60 }))).toBe('call.ticket_invalid')
})

test('a ticket for another node, or for an earlier boot of this node, is refused', async () => {
  expect(await outcome(await ticket({ aud: 'sfu-1' as NodeId }))).toBe('call.ticket_invalid')
  expect(await outcome(await ticket({ boot: randomUUID() as BootId }))).toBe('call.ticket_invalid')
})

test('a ticket that was changed is refused', async () => {
  const [head, body, seal] = (await ticket()).split('.')
  const claims = JSON.parse(Buffer.from(body!, 'base64url').toString()) as TicketClaims
  const richer = Buffer.from(
    JSON.stringify({ ...claims, capabilities: [...claims.capabilities, 'mic'], name: 'Eve' }),
  ).toString('base64url')
  expect(await outcome(`${head}.${richer}.${seal}`)).toBe('call.ticket_invalid')
  expect(await outcome(`${head}.${body}.${seal!.slice(0, -4)}AAAA`)).toBe('call.ticket_invalid')
})

test('a ticket with the algorithm none, or HS256 with the public key as its secret, is refused', async () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const unsigned = `${part({ alg: 'none', typ: 'veche-ticket', kid: 'one' })}.${part(newClaims(node))}.`
  expect(await outcome(unsigned)).toBe('call.ticket_invalid')
  for (const secret of [Buffer.from(signer.x, 'base64url'), Buffer.from(signer.x)]) {
    const words = `${part({ alg: 'HS256', typ: 'veche-ticket', kid: 'one' })}.${part(newClaims(node))}`
    const seal = createHmac('sha256', secret).update(words).digest('base64url')
    expect(await outcome(`${words}.${seal}`)).toBe('call.ticket_invalid')
  }
})

test('a token of another type, of another issuer or without an expiry is refused', async () => {
  expect(await outcome(await sign(newClaims(node), signer, { typ: 'JWT' }))).toBe('call.ticket_invalid')
  expect(await outcome(await sign({ ...newClaims(node), iss: 'elsewhere' }, signer))).toBe('call.ticket_invalid')
  expect(await outcome(await sign({ ...newClaims(node), exp: undefined }, signer))).toBe('call.ticket_invalid')
})

test('a ticket of an unknown key, or without the name of a key, is refused', async () => {
  expect(await outcome(await sign(newClaims(node), newSigner('two')))).toBe('call.ticket_invalid')
  expect(await outcome(await sign(newClaims(node), { ...newSigner('one'), kid: 'one' }))).toBe('call.ticket_invalid')
  const nameless = new SignJWT({ ...newClaims(node) }).setProtectedHeader({ alg: 'EdDSA', typ: 'veche-ticket' })
  expect(await outcome(await nameless.sign(signer.privateKey))).toBe('call.ticket_invalid')
})

test('tickets of both keys are valid while the key is changed, and those of the old key are refused afterwards', async () => {
  const next = newSigner('two')
  await tickets.applyHeartbeatAnswer({ now: Date.now(), keys: [next, signer] })
  expect(await outcome(await sign(newClaims(node), next))).toBe('valid')
  expect(await outcome(await ticket())).toBe('valid')
  await tickets.applyHeartbeatAnswer({ now: Date.now(), keys: [next] })
  expect(await outcome(await ticket())).toBe('call.ticket_invalid')
})

test('every ticket is refused before the first answer of the API', async () => {
  tickets = new Tickets(clock, node)
  expect(await outcome(await ticket())).toBe('call.ticket_invalid')
})

test('a string that is no ticket is refused with the same code', async () => {
  for (const junk of ['', '.', '..', 'a.b.c', '{}', '\u0000', 'e30.e30.e30', 'x'.repeat(4000)])
    expect(await outcome(junk)).toBe('call.ticket_invalid')
})
