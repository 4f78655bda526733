import { createHash, randomUUID } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { MeetingId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import fc from 'fast-check'
import type { types } from 'mediasoup'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mediaCodecs } from '../media/codecs.ts'
import type { JoinedFrame } from './frames.ts'
import { newHouse, type TestHouse } from '../test/TestNode.ts'
import { ManualClock } from '../test/ManualClock.ts'
import { dtlsParameters, picture, sound } from '../test/rtp.ts'
import { codeOf, refusal, Visitor } from '../test/TestClient.ts'

const clock = new ManualClock()
const meeting = randomUUID() as MeetingId
let house: TestHouse
let victim: Visitor
let calls = 0
let pid: number | undefined
beforeAll(async () => {
  house = await newHouse({ clock })
  victim = (await enter()).visitor
  pid = house.node.workers[0]?.pid
})
afterAll(() => house.close())

async function enter() {
  const visitor = house.visitor()
  return { visitor, joined: await visitor.join(await house.ticket({ meeting })) }
}

/** Any call, of any shape, past the types: what it is refused with, or accepted. */
async function raw(visitor: Visitor, path: string, input: unknown): Promise<string> {
  // The rate is not what is tried here.
  if ((calls += 1) % 8 === 0) await house.pass(2_000)
  const [area, name] = path.split('.') as ['media', 'produce']
  const call = visitor.call[area][name].mutate as (input: unknown) => Promise<unknown>
  return call(input).then(
    () => 'accepted',
    (error: unknown) => codeOf(error) ?? 'no code',
  )
}

/** The same process carries the same media, and its one channel still understands everybody. */
async function unharmed() {
  const [worker] = house.node.workers
  expect(worker?.pid).toBe(pid)
  const { router } = await worker!.createRouter(mediaCodecs)
  router.close()
  await house.pass(100)
  await victim.call.transport.restartIce.mutate({ transportId: victim.joined.send.id })
  expect(victim.frames.some(({ type }) => type === 'ended')).toBe(false)
  const { values } = await house.deps.metrics.calls.get()
  expect(values.filter(({ labels }) => labels.outcome === 'server.error')).toEqual([])
}

const produceInput = (joined: JoinedFrame, rtpParameters: unknown, source = 'cam') => ({
  source,
  transportId: joined.send.id,
  rtpParameters,
})

test.each<[string, (good: types.RtpParameters) => unknown]>([
  [
    'a bitrate that is no whole number',
    (good) => ({ ...good, encodings: [{ ...good.encodings![0], maxBitrate: 1.5 }] }),
  ],
  ['an extension that nobody knows', (good) => ({ ...good, headerExtensions: [{ uri: 'urn:x', id: 1 }] })],
  ['a stream number beyond its size', (good) => ({ ...good, encodings: [{ ssrc: 2 ** 33 }] })],
  ['a name with a line break', (good) => ({ ...good, rtcp: { cname: 'a\r\na=candidate:1' } })],
  ['a stream name with a line break', (good) => ({ ...good, msid: 'a b\r\nm=audio' })],
  [
    'a codec parameter with a line break',
    (good) => ({ ...good, codecs: [{ ...good.codecs[0], parameters: { 'a\nb': 'c\r\nd' } }] }),
  ],
  [
    'a codec parameter that is an object',
    (good) => ({ ...good, codecs: [{ ...good.codecs[0], parameters: { a: {} } }] }),
  ],
  ['a thousand encodings', (good) => ({ ...good, encodings: Array(1000).fill(good.encodings![0]) })],
  ['no encodings', (good) => ({ ...good, encodings: [] })],
  ['a layer twice', (good) => ({ ...good, encodings: [{ rid: 'a' }, { rid: 'a' }] })],
  ['a stream that is its own repair', (good) => ({ ...good, encodings: [{ ssrc: 7, rtx: { ssrc: 7 } }] })],
  ['two layers without a name', (good) => ({ ...good, encodings: [{}, {}] })],
  ['no codecs', (good) => ({ ...good, codecs: [] })],
  ['null', () => null],
])('%s in what is sent is refused before the media worker sees it', async (_what, spoil) => {
  const { visitor, joined } = await enter()
  expect(await raw(visitor, 'media.produce', produceInput(joined, spoil(picture(1))))).toBe('input.invalid')
  await unharmed()
})

test('parameters that contradict themselves are refused by the media worker, and harm nobody', async () => {
  const { visitor, joined } = await enter()
  const good = picture(1)
  const [vp8, rtx] = good.codecs as [types.RtpCodecParameters, types.RtpCodecParameters]
  for (const codecs of [[rtx], [{ ...rtx, parameters: { apt: 1 } }, vp8], [vp8, { ...vp8, mimeType: 'video/AV1' }]])
    expect(await raw(visitor, 'media.produce', produceInput(joined, { ...good, codecs }))).toBe('call.media_refused')
  await unharmed()
})

test.each([
  ['no fingerprint', { role: 'client', fingerprints: [] }],
  ['a fingerprint that is none', { role: 'client', fingerprints: [{ algorithm: 'sha-256', value: 'zz' }] }],
  [
    'an algorithm that is none',
    { role: 'client', fingerprints: [{ ...dtlsParameters.fingerprints[0], algorithm: 'md5' }] },
  ],
  [
    'an algorithm that is too weak',
    { role: 'client', fingerprints: [{ ...dtlsParameters.fingerprints[0], algorithm: 'sha-1' }] },
  ],
  ['another role, in which the browser would choose the cipher', { ...dtlsParameters, role: 'server' }],
  ['no role', { fingerprints: dtlsParameters.fingerprints }],
])('%s in a handshake is refused', async (_what, spoiled) => {
  const { visitor, joined } = await enter()
  expect(await raw(visitor, 'transport.connect', { transportId: joined.send.id, dtlsParameters: spoiled })).toBe(
    'input.invalid',
  )
})

test('more tiles than a page has, and tiles of impossible size, are refused', async () => {
  const { visitor, joined } = await enter()
  const tile = { seatId: joined.seatId, source: 'cam', width: 1, height: 1 }
  for (const tiles of [
    Array(50).fill(tile),
    [{ ...tile, width: -1 }],
    [{ ...tile, height: 1e9 }],
    [{ ...tile, source: 'mic' }],
    [{ ...tile, seatId: 'x' }],
  ])
    expect(await raw(visitor, 'room.setVisibleTiles', { tiles })).toBe('input.invalid')
  expect(await raw(visitor, 'room.setVisibleTiles', { tiles: [{ ...tile, seatId: randomUUID() }] })).toBe('accepted')
})

test('a client that does not wait for answers makes no more transports and streams than one that does', async () => {
  const { visitor, joined } = await enter()
  const outcomes = async (count: number, ask: () => Promise<unknown>) => {
    await house.pass(8_000)
    const codes = await Promise.all(Array.from({ length: count }, () => refusal(ask())))
    return codes.filter((code) => code === 'call.limit').length
  }
  const { transport, media } = visitor.call
  const renewals = () => transport.replace.mutate({ direction: 'send' })
  expect(await outcomes(8, renewals)).toBeGreaterThanOrEqual(8 - limits.call.transports)
  const input = { source: 'mic' as const, transportId: joined.send.id }
  const streams = () => media.produce.mutate({ ...input, rtpParameters: sound() })
  expect(await outcomes(20, streams)).toBe(20 - limits.call.publications)
  await house.pass(1_000)
  expect(await refusal(renewals())).toBe('accepted')
  expect(await refusal(streams())).toBe('accepted')
  const peer = house.node.rooms.flatMap(({ legs }) => legs).find(({ seatId }) => seatId === joined.seatId)
  expect(peer?.producing.all).toHaveLength(1)
  await unharmed()
})

test('whoever keeps the whole room busy is refused, on another socket too, and nobody else is', async () => {
  const { visitor, joined } = await enter()
  const other = await enter()
  const input = { source: 'mic' as const, transportId: joined.send.id, rtpParameters: sound() }
  const mic = await visitor.call.media.produce.mutate(input)
  const { pause, resume } = visitor.call.media
  const outcomes: unknown[] = []
  const toggle = async (times: number) => {
    for (let turn = 0; turn < times; turn += 1) {
      await pause.mutate(mic)
      outcomes.push(await refusal(resume.mutate(mic)))
    }
  }
  await toggle(30)
  await house.pass(1_000)
  await toggle(20)
  expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(44)
  expect(outcomes.at(-1)).toBe('request.too_many')
  await expect(house.visitor().resume(joined.secret)).rejects.toThrow('server.busy')
  const another = { ...input, transportId: other.joined.send.id, rtpParameters: sound() }
  await other.visitor.call.media.produce.mutate(another)
  await house.pass(1_000)
  const again = house.visitor()
  await again.resume(joined.secret)
  for (let turn = 0; turn < 4; turn += 1) await again.call.media.resume.mutate(mic)
  expect(await refusal(again.call.media.resume.mutate(mic))).toBe('request.too_many')
  // To fall silent is never refused.
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

test('junk of any shape is answered with a code by every procedure', async () => {
  const { visitor } = await enter()
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths.filter((path) => path !== 'room.leave')),
      fc.jsonValue(),
      async (path, input) => {
        expect(['input.invalid', 'call.media_lost', 'accepted']).toContain(await raw(visitor, path, input))
      },
    ),
    { numRuns: 300, seed: 3 },
  )
  expect(await raw(visitor, 'room.leave', {})).toBe('input.invalid')
  expect(await raw(visitor, 'room.destroy', {})).toBe('input.invalid')
  expect(await raw(visitor, '__proto__.constructor', {})).toBe('input.invalid')
  await unharmed()
}, 60_000)

test('good parameters with one wrong field somewhere never spoil the media worker for the others', async () => {
  let { visitor, joined } = await enter()
  const wrong = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.string(),
    fc.constantFrom(null, true, [], {}, [[]], -1, 2 ** 31, 2 ** 40, '', 'a\r\nb', '__proto__'),
  )
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('mic', 'cam', 'screen'), fc.nat(60), wrong, async (source, place, value) => {
      const rtpParameters = spoilt(source === 'mic' ? sound() : picture(source === 'cam' ? 3 : 2), place, value)
      const outcome = await raw(visitor, 'media.produce', produceInput(joined, rtpParameters, source))
      expect(['accepted', 'input.invalid', 'call.media_refused']).toContain(outcome)
    }),
    { numRuns: 300, seed: 4 },
  )
  await unharmed()
  ;({ visitor, joined } = await enter())
  expect(await raw(visitor, 'media.produce', produceInput(joined, picture(3)))).toBe('accepted')
}, 60_000)

test('capabilities with one wrong field let nobody in, or let them in and harm nobody', async () => {
  const { routerCapabilities } = await import('../media/codecs.ts')
  const wrong = fc.constantFrom(null, -1, 1.5, 2 ** 40, '', 'a\r\nb', [], {}, true)
  await fc.assert(
    fc.asyncProperty(fc.nat(200), wrong, async (place, value) => {
      const visitor = new Visitor(house.url)
      const rtpCapabilities = spoilt(routerCapabilities, place, value) as types.RtpCapabilities
      visitor.enter({ ticket: await house.ticket({ meeting }), rtpCapabilities, view: { tiles: [], first: 0 } })
      const outcome = await visitor.frame('joined').then(
        () => 'joined',
        () => visitor.error,
      )
      visitor.close()
      expect(['joined', 'input.invalid']).toContain(outcome)
    }),
    { numRuns: 60, seed: 5 },
  )
  await unharmed()
}, 60_000)

test('bytes of every kind on the media port, over UDP and TCP, end no process and no call', async () => {
  const port = house.node.workers[0]!.port
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
}, 60_000)

/** A copy in which the field at this place, counted in the order of reading, has another value. */
function spoilt(good: object, place: number, value: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(good)) as object
  const leaves: [Record<string, unknown>, string][] = []
  const visit = (node: Record<string, unknown>) => {
    for (const [key, child] of Object.entries(node)) {
      leaves.push([node, key])
      if (typeof child === 'object' && child !== null) visit(child as Record<string, unknown>)
    }
  }
  visit(copy as Record<string, unknown>)
  const [owner, key] = leaves[place % leaves.length]!
  owner[key] = value
  return copy
}

/** The same bytes each time: noise, and what begins like STUN (also with a real name), DTLS, RTP and RTCP. */
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
