import { createHash, randomUUID } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { MeetingId } from '@veche/shared/ids'
import { callLimits } from '@veche/shared/meeting-limits'
import fc from 'fast-check'
import type { types } from 'mediasoup'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mediaCodecs } from '../media/codecs.ts'
import type { JoinedFrame } from './frames.ts'
import { newTestNode, type TestNode } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { dtlsParameters, videoParameters, audioParameters } from '../test/rtp.ts'
import { codeOf, refusal, TestClient } from '../test/TestClient.ts'

const clock = new ManualClock()
const meeting = randomUUID() as MeetingId
let testNode: TestNode
let victim: TestClient
let calls = 0
let pid: number | undefined
beforeAll(async () => {
  testNode = await newTestNode({ clock })
  victim = (await enter()).client
  pid = testNode.node.workers[0]?.pid
})
afterAll(() => testNode.close())

async function enter() {
  const client = testNode.newClient()
  return { client, joined: await client.join(await testNode.newTicket({ meeting })) }
}

/** Calls any procedure with any input, past the types. Returns the error code, or `accepted`. */
async function raw(client: TestClient, path: string, input: unknown): Promise<string> {
  // The rate limit is not what is tested here.
  if ((calls += 1) % 8 === 0) await testNode.pass(2_000)
  const [area, name] = path.split('.') as ['media', 'produce']
  const call = client.call[area][name].mutate as (input: unknown) => Promise<unknown>
  return call(input).then(
    () => 'accepted',
    (error: unknown) => codeOf(error) ?? 'no code',
  )
}

/** The same worker process still serves the first client. */
async function unharmed() {
  const [worker] = testNode.node.workers
  expect(worker?.pid).toBe(pid)
  const { router } = await worker!.createRouter(mediaCodecs)
  router.close()
  await testNode.pass(100)
  await victim.call.transport.restartIce.mutate({ transportId: victim.joined.send.id })
  expect(victim.frames.some(({ type }) => type === 'ended')).toBe(false)
  const { values } = await testNode.deps.metrics.calls.get()
  expect(values.filter(({ labels }) => labels.outcome === 'server.error')).toEqual([])
}

const produceInput = (joined: JoinedFrame, rtpParameters: unknown, source = 'cam') => ({
  source,
  transportId: joined.send.id,
  rtpParameters,
})

test.each<[string, (good: types.RtpParameters) => unknown]>([
  ['a fractional bitrate', (good) => ({ ...good, encodings: [{ ...good.encodings![0], maxBitrate: 1.5 }] })],
  ['an unknown extension', (good) => ({ ...good, headerExtensions: [{ uri: 'urn:x', id: 1 }] })],
  ['an SSRC above 32 bits', (good) => ({ ...good, encodings: [{ ssrc: 2 ** 33 }] })],
  ['a line break in the cname', (good) => ({ ...good, rtcp: { cname: 'a\r\na=candidate:1' } })],
  ['a line break in the msid', (good) => ({ ...good, msid: 'a b\r\nm=audio' })],
  [
    'a line break in a codec parameter',
    (good) => ({ ...good, codecs: [{ ...good.codecs[0], parameters: { 'a\nb': 'c\r\nd' } }] }),
  ],
  [
    'a codec parameter that is an object',
    (good) => ({ ...good, codecs: [{ ...good.codecs[0], parameters: { a: {} } }] }),
  ],
  ['a thousand encodings', (good) => ({ ...good, encodings: Array(1000).fill(good.encodings![0]) })],
  ['no encodings', (good) => ({ ...good, encodings: [] })],
  ['the same layer twice', (good) => ({ ...good, encodings: [{ rid: 'a' }, { rid: 'a' }] })],
  ['an SSRC that is its own RTX', (good) => ({ ...good, encodings: [{ ssrc: 7, rtx: { ssrc: 7 } }] })],
  ['two layers without a rid', (good) => ({ ...good, encodings: [{}, {}] })],
  ['no codecs', (good) => ({ ...good, codecs: [] })],
  ['null in place of all fields', () => null],
])('RTP parameters with %s are refused before the media worker sees them', async (_what, spoil) => {
  const { client, joined } = await enter()
  expect(await raw(client, 'media.produce', produceInput(joined, spoil(videoParameters(1))))).toBe('input.invalid')
  await unharmed()
})

test('RTP parameters that contradict themselves are refused and harm no other client', async () => {
  const { client, joined } = await enter()
  const good = videoParameters(1)
  const [vp8, rtx] = good.codecs as [types.RtpCodecParameters, types.RtpCodecParameters]
  for (const codecs of [[rtx], [{ ...rtx, parameters: { apt: 1 } }, vp8], [vp8, { ...vp8, mimeType: 'video/AV1' }]])
    expect(await raw(client, 'media.produce', produceInput(joined, { ...good, codecs }))).toBe('call.media_refused')
  await unharmed()
})

test.each([
  ['no fingerprint', { role: 'client', fingerprints: [] }],
  ['an invalid fingerprint', { role: 'client', fingerprints: [{ algorithm: 'sha-256', value: 'zz' }] }],
  ['an unknown algorithm', { role: 'client', fingerprints: [{ ...dtlsParameters.fingerprints[0], algorithm: 'md5' }] }],
  ['a weak algorithm', { role: 'client', fingerprints: [{ ...dtlsParameters.fingerprints[0], algorithm: 'sha-1' }] }],
  ['the server role, in which the browser would choose the cipher', { ...dtlsParameters, role: 'server' }],
  ['no role', { fingerprints: dtlsParameters.fingerprints }],
])('DTLS parameters with %s are refused', async (_what, spoiled) => {
  const { client, joined } = await enter()
  expect(await raw(client, 'transport.connect', { transportId: joined.send.id, dtlsParameters: spoiled })).toBe(
    'input.invalid',
  )
})

test('more visible tiles than a page has, and tiles of impossible size, are refused', async () => {
  const { client, joined } = await enter()
  const tile = { seatId: joined.seatId, source: 'cam', width: 1, height: 1 }
  for (const tiles of [
    Array(50).fill(tile),
    [{ ...tile, width: -1 }],
    [{ ...tile, height: 1e9 }],
    [{ ...tile, seatId: 'x' }],
  ])
    expect(await raw(client, 'room.setVisibleTiles', { tiles })).toBe('input.invalid')
  // A source of a newer release is ignored.
  for (const tiles of [[{ ...tile, source: 'hologram' }], [{ ...tile, seatId: randomUUID() }]])
    expect(await raw(client, 'room.setVisibleTiles', { tiles })).toBe('accepted')
})

test('a client that does not wait for answers gets no more transports and publications than one that does', async () => {
  const { client, joined } = await enter()
  const outcomes = async (count: number, ask: () => Promise<unknown>) => {
    await testNode.pass(8_000)
    const codes = await Promise.all(Array.from({ length: count }, () => refusal(ask())))
    return codes.filter((code) => code === 'call.limit').length
  }
  const { transport, media } = client.call
  const renewals = () => transport.replace.mutate({ direction: 'send' })
  expect(await outcomes(8, renewals)).toBeGreaterThanOrEqual(8 - callLimits.transports)
  const input = { source: 'mic' as const, transportId: joined.send.id }
  const streams = () => media.produce.mutate({ ...input, rtpParameters: audioParameters() })
  expect(await outcomes(20, streams)).toBe(20 - callLimits.publications)
  await testNode.pass(1_000)
  expect(await refusal(renewals())).toBe('accepted')
  expect(await refusal(streams())).toBe('accepted')
  const peer = testNode.node.rooms.flatMap(({ peers }) => peers).find(({ seatId }) => seatId === joined.seatId)
  expect(peer?.publications.all).toHaveLength(1)
  await unharmed()
})

test('a client that causes too many broadcasts is refused, on another socket too, and the other clients are not', async () => {
  const { client, joined } = await enter()
  const other = await enter()
  const input = { source: 'mic' as const, transportId: joined.send.id, rtpParameters: audioParameters() }
  const mic = await client.call.media.produce.mutate(input)
  const { pause, resume } = client.call.media
  const outcomes: unknown[] = []
  const toggle = async (times: number) => {
    for (let turn = 0; turn < times; turn += 1) {
      await pause.mutate(mic)
      outcomes.push(await refusal(resume.mutate(mic)))
    }
  }
  await toggle(30)
  await testNode.pass(1_000)
  await toggle(20)
  expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(44)
  expect(outcomes.at(-1)).toBe('request.too_many')
  await expect(testNode.newClient().resume(joined.secret)).rejects.toThrow('server.busy')
  const another = { ...input, transportId: other.joined.send.id, rtpParameters: audioParameters() }
  await other.client.call.media.produce.mutate(another)
  await testNode.pass(1_000)
  const again = testNode.newClient()
  await again.resume(joined.secret)
  for (let turn = 0; turn < 4; turn += 1) await again.call.media.resume.mutate(mic)
  expect(await refusal(again.call.media.resume.mutate(mic))).toBe('request.too_many')
  // Pausing is never refused.
  expect(await refusal(again.call.media.pause.mutate(mic))).toBe('accepted')
})

const paths = [
  'room.setVisibleTiles',
  'room.leave',
  'transport.connect',
  'transport.restartIce',
  'transport.replace',
  'media.produce',
  'media.pause',
  'media.resume',
  'media.close',
  'media.ready',
  'media.requestKeyFrame',
]

test('every procedure answers junk of any shape with an error code', async () => {
  const { client } = await enter()
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths.filter((path) => path !== 'room.leave')),
      fc.jsonValue(),
      async (path, input) => {
        expect(['input.invalid', 'call.media_lost', 'accepted']).toContain(await raw(client, path, input))
      },
    ),
    { numRuns: 300, seed: 3 },
  )
  expect(await raw(client, 'room.leave', {})).toBe('input.invalid')
  expect(await raw(client, 'room.destroy', {})).toBe('input.invalid')
  expect(await raw(client, '__proto__.constructor', {})).toBe('input.invalid')
  await unharmed()
})

test('RTP parameters with one wrong field never break the media worker for the others', async () => {
  let { client, joined } = await enter()
  const wrong = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.string(),
    fc.constantFrom(null, true, [], {}, [[]], -1, 2 ** 31, 2 ** 40, '', 'a\r\nb', '__proto__'),
  )
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('mic', 'cam', 'screen'), fc.nat(60), wrong, async (source, index, value) => {
      const rtpParameters = withWrongField(
        source === 'mic' ? audioParameters() : videoParameters(source === 'cam' ? 3 : 2),
        index,
        value,
      )
      const outcome = await raw(client, 'media.produce', produceInput(joined, rtpParameters, source))
      expect(['accepted', 'input.invalid', 'call.media_refused']).toContain(outcome)
    }),
    { numRuns: 300, seed: 4 },
  )
  await unharmed()
  ;({ client, joined } = await enter())
  expect(await raw(client, 'media.produce', produceInput(joined, videoParameters(3)))).toBe('accepted')
})

test('RTP capabilities with one wrong field are refused or accepted, and harm no other client', async () => {
  const { routerCapabilities } = await import('../media/codecs.ts')
  const wrong = fc.constantFrom(null, -1, 1.5, 2 ** 40, '', 'a\r\nb', [], {}, true)
  await fc.assert(
    fc.asyncProperty(fc.nat(200), wrong, async (index, value) => {
      const client = new TestClient(testNode.url)
      const rtpCapabilities = withWrongField(routerCapabilities, index, value) as types.RtpCapabilities
      client.enter({ ticket: await testNode.newTicket({ meeting }), rtpCapabilities, view: { tiles: [], first: 0 } })
      const outcome = await client.frame('joined').then(
        () => 'joined',
        () => client.error,
      )
      client.close()
      expect(['joined', 'input.invalid']).toContain(outcome)
    }),
    { numRuns: 60, seed: 5 },
  )
  await unharmed()
})

test('bytes of any kind on the media port, over UDP and TCP, end neither the process nor a call', async () => {
  const port = testNode.node.workers[0]!.port
  const [{ protocol }] = victim.joined.send.iceCandidates as [types.IceCandidate]
  expect(protocol).toBe('udp')
  const datagrams = garbage(4_000, victim.joined.send.iceParameters.usernameFragment)
  const socket = createSocket('udp4')
  for (const bytes of datagrams) await new Promise((resolve) => socket.send(bytes, port, '127.0.0.1', resolve))
  socket.close()
  const tcpPort = victim.joined.send.iceCandidates.find((one) => one.protocol === 'tcp')!.port
  for (const part of [0, 1, 2, 3]) {
    const stream = connect(tcpPort, '127.0.0.1').on('error', () => undefined)
    await once(stream, 'connect')
    for (const bytes of datagrams.slice(part * 500, part * 500 + 500)) stream.write(framed(bytes))
    stream.write(Buffer.from([0xff, 0xff, 1]))
    stream.destroy()
  }
  await unharmed()
  await enter()
})

/** A copy in which the field with this index has another value. */
function withWrongField(good: object, index: number, value: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(good)) as object
  const leaves: [Record<string, unknown>, string][] = []
  const visit = (node: Record<string, unknown>) => {
    for (const [key, child] of Object.entries(node)) {
      leaves.push([node, key])
      if (typeof child === 'object' && child !== null) visit(child as Record<string, unknown>)
    }
  }
  visit(copy as Record<string, unknown>)
  const [owner, key] = leaves[index % leaves.length]!
  owner[key] = value
  return copy
}

/** The same bytes in each run: noise, and noise that begins like STUN (also with a real user name), DTLS, RTP or RTCP. */
function garbage(count: number, name: string): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const noise = createHash('shake256', { outputLength: 4 + (index % 900) })
      .update(`noise ${index}`)
      .digest()
    const kind = index % 7
    if (kind === 1) return Buffer.concat([Buffer.from('000100082112a442', 'hex'), noise])
    if (kind === 2) return bindingRequest(name, noise)
    if (kind === 3) return Buffer.concat([Buffer.from('16feff0000000000000000', 'hex'), noise])
    if (kind === 4) return Buffer.concat([Buffer.from('16fefd000000000000000000ff01', 'hex'), noise])
    if (kind === 5) return Buffer.concat([Buffer.from('80e0', 'hex'), noise])
    if (kind === 6) return Buffer.concat([Buffer.from('81c90007', 'hex'), noise])
    return noise
  })
}

function bindingRequest(name: string, noise: Buffer): Buffer {
  const username = Buffer.from(`${name}:x`)
  const padded = Buffer.alloc(Math.ceil(username.length / 4) * 4)
  username.copy(padded)
  const attribute = Buffer.alloc(4)
  attribute.writeUInt16BE(0x0006, 0)
  attribute.writeUInt16BE(username.length, 2)
  const rest = noise.subarray(0, noise.length - (noise.length % 4))
  const head = Buffer.alloc(20)
  head.writeUInt16BE(0x0001, 0)
  head.writeUInt16BE(attribute.length + padded.length + rest.length, 2)
  head.writeUInt32BE(0x2112a442, 4)
  return Buffer.concat([head, attribute, padded, rest])
}

function framed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}
