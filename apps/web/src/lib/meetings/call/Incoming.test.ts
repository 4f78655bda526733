import type { SubscriptionView } from '@veche/sfu/router'
import type { SeatId } from '@veche/shared/ids'
import type { types } from 'mediasoup-client'
import { expect, test } from 'vitest'
import { AppError } from '#lib/api/error.ts'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { Incoming } from './Incoming.ts'
import type { Ask } from './Signalling.ts'

test('what arrives is shown and asked for, all in one message', async () => {
  const { incoming, node, shown } = newIncoming()
  await incoming.consume(node.transport, [view('a'), view('b')], node.ask)
  expect(shown).toEqual({ 'anna cam': 'a', 'boris cam': 'b' })
  expect(node.ready).toEqual([['a', 'b']])
})

test('a new place takes over when its picture flows, not before', async () => {
  const { incoming, node, shown, environment } = newIncoming()
  await incoming.consume(node.transport, [view('a')], node.ask)
  const next = newNode()
  await incoming.consume(next.transport, [view('a2')], next.ask)
  await environment.pass(2_000)
  expect(shown).toEqual({ 'anna cam': 'a' })
  next.flowing.add('a2')
  await environment.pass(200)
  expect(shown).toEqual({ 'anna cam': 'a2' })
})

test('a third place that comes before the second is settled loses nothing', async () => {
  const { incoming, node, shown, environment } = newIncoming()
  await incoming.consume(node.transport, [view('a')], node.ask)
  const [second, third] = [newNode(), newNode()]
  await incoming.consume(second.transport, [view('a2')], second.ask)
  const settled = incoming.settled(second.transport)
  await incoming.consume(third.transport, [view('a3')], third.ask)
  await environment.pass(1_000)
  await settled
  node.transport.close()
  second.transport.close()
  third.flowing.add('a3')
  await environment.pass(1_000)
  expect(shown).toEqual({ 'anna cam': 'a3' })
})

test('a stream that the node closes while it is being set up is never shown', async () => {
  const { incoming, node, shown, broken } = newIncoming()
  const consuming = incoming.consume(node.transport, [view('a')], node.ask)
  incoming.close('a')
  await consuming
  expect([shown, node.ready, node.open, broken]).toEqual([{}, [], [], []])
})

test('what is said of a stream while it is being set up holds when it is there', async () => {
  const { incoming, node } = newIncoming()
  const consuming = incoming.consume(node.transport, [view('a')], node.ask)
  incoming.update('a', { publicationPaused: true, hidden: true, layer: 1 })
  await consuming
  expect(incoming.shown()).toMatchObject([{ layer: 1, view: { publicationPaused: true, hidden: true } }])
})

test('told of twice, before and after a resume, it is set up once', async () => {
  const { incoming, node } = newIncoming()
  await Promise.all([
    incoming.consume(node.transport, [view('a')], node.ask),
    incoming.consume(node.transport, [view('a')], node.ask),
  ])
  expect(node.made).toEqual(['a'])
})

test('what was asked for over a socket that was being lost is asked for again over the next one', async () => {
  const { incoming, node } = newIncoming()
  node.lost = true
  await incoming.consume(node.transport, [view('a')], node.ask)
  node.lost = false
  await incoming.consume(node.transport, [view('a')], node.ask)
  expect(node.ready).toEqual([['a']])
})

test('a round that the browser does not take is one broken transport, however many streams were in it', async () => {
  const { incoming, node, broken } = newIncoming()
  node.refuses = true
  await incoming.consume(node.transport, [view('a'), view('b'), view('c')], node.ask)
  expect(broken).toEqual([node.transport])
})

test('a stream that is closed while it is looked at throws nothing', async () => {
  const { incoming, node, shown, environment } = newIncoming()
  await incoming.consume(node.transport, [view('a')], node.ask)
  const next = newNode()
  next.mute = true
  await incoming.consume(next.transport, [view('a2')], next.ask)
  await environment.pass(300)
  next.transport.close()
  await environment.pass(300)
  expect(shown).toEqual({ 'anna cam': 'a' })
})

const seats: Record<string, string> = { a: 'anna', b: 'boris', c: 'carl' }

/** The first letter of a stream says whose it is. */
function view(id: string): SubscriptionView {
  const seatId = seats[id.charAt(0)] as SeatId
  const flags = { publicationPaused: false, hidden: false, rtpParameters: {} as SubscriptionView['rtpParameters'] }
  return { id, transportId: '', publicationId: id, seatId, source: 'cam', kind: 'video', ...flags }
}

function newIncoming() {
  const environment = new TestEnvironment()
  const shown: Record<string, unknown> = {}
  const broken: unknown[] = []
  const incoming = new Incoming({
    environment: environment.forTab(),
    show: ({ seatId, source }, track) => {
      if (track) shown[`${seatId} ${source}`] = track.id
      else delete shown[`${seatId} ${source}`]
    },
    onBroken: (transport) => broken.push(transport),
  })
  return { environment, incoming, shown, broken, node: newNode() }
}

/** A node that writes down what it is asked for, and the library's transport from it. */
function newNode() {
  const open = new Map<string, { close(): void; transportclose(): void }>()
  const node = {
    ready: [] as string[][],
    flowing: new Set<string>(),
    lost: false,
    refuses: false,
    /** Statistics of it cannot be had. */
    mute: false,
    made: [] as string[],
    get open() {
      return [...open.keys()]
    },
    ask: () => ask as Ask,
    transport: null as unknown as types.Transport,
  }
  const ask: Ask = (call) => {
    const media = { ready: { mutate: ({ ids }: { ids: string[] }) => Promise.resolve(node.ready.push(ids)) } }
    return node.lost ? Promise.reject(new AppError('network.unreachable')) : call({ media } as never)
  }

  function newConsumer(id: string) {
    let transportclose = () => undefined as void
    const consumer = {
      closed: false,
      track: { id },
      on: (_: 'transportclose', call: () => void) => (transportclose = call),
      close: () => {
        consumer.closed = true
        open.delete(id)
      },
      getStats: async () => {
        if (node.mute) throw new DOMException('closed', 'InvalidStateError')
        const frames = node.flowing.has(id) ? 1 : 0
        return new Map([['a', { type: 'inbound-rtp', kind: 'video', framesDecoded: frames }]])
      },
    }
    node.made.push(id)
    open.set(id, { close: consumer.close, transportclose: () => transportclose() })
    return consumer
  }

  const transport = {
    closed: false,
    consume: async ({ id }: { id: string }) => {
      await Promise.resolve()
      if (node.refuses) throw new DOMException('no', 'OperationError')
      return newConsumer(id)
    },
    close: () => {
      transport.closed = true
      for (const each of [...open.values()]) {
        each.close()
        each.transportclose()
      }
    },
  }
  node.transport = transport as unknown as types.Transport
  return node
}
