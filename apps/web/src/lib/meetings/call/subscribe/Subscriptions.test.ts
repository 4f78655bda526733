import type { SubscriptionView } from '@veche/sfu/router'
import type { SeatId } from '@veche/shared/ids'
import type { types } from 'mediasoup-client'
import { expect, test } from 'vitest'
import { AppError } from '#lib/api/error.ts'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import type { CallNode } from '../connection/SignallingSocket.ts'
import { Subscriptions } from './Subscriptions.ts'

test('all subscriptions of a frame are shown, and reported ready in one message', async () => {
  const { subscriptions, node, shown } = newSubscriptions()
  await subscriptions.add(node.transport, [view('a'), view('b')], node.callNode)
  expect(shown).toEqual({ 'anna cam': 'a', 'boris cam': 'b' })
  expect(node.ready).toEqual([['a', 'b']])
})

test('a picture of a new transport replaces the shown one when its first picture or sound has arrived', async () => {
  const { subscriptions, node, shown, environment } = newSubscriptions()
  await subscriptions.add(node.transport, [view('a')], node.callNode)
  const next = newNode()
  await subscriptions.add(next.transport, [view('a2')], next.callNode)
  await environment.pass(2_000)
  expect(shown).toEqual({ 'anna cam': 'a' })
  next.flowing.add('a2')
  await environment.pass(200)
  expect(shown).toEqual({ 'anna cam': 'a2' })
})

test('a third transport that comes before the second has settled loses no picture', async () => {
  const { subscriptions, node, shown, environment } = newSubscriptions()
  await subscriptions.add(node.transport, [view('a')], node.callNode)
  const [second, third] = [newNode(), newNode()]
  await subscriptions.add(second.transport, [view('a2')], second.callNode)
  const settled = subscriptions.settled(second.transport)
  await subscriptions.add(third.transport, [view('a3')], third.callNode)
  await environment.pass(1_000)
  await settled
  node.transport.close()
  second.transport.close()
  third.flowing.add('a3')
  await environment.pass(1_000)
  expect(shown).toEqual({ 'anna cam': 'a3' })
})

test('a subscription that the node closes while it is being set up is never shown', async () => {
  const { subscriptions, node, shown, refused } = newSubscriptions()
  const added = subscriptions.add(node.transport, [view('a')], node.callNode)
  subscriptions.close('a')
  await added
  expect([shown, node.ready, node.open, refused]).toEqual([{}, [], [], []])
})

test('an update that comes while a subscription is being set up is kept', async () => {
  const { subscriptions, node } = newSubscriptions()
  const added = subscriptions.add(node.transport, [view('a')], node.callNode)
  subscriptions.update('a', { publicationPaused: true, hidden: true, layer: 1 })
  await added
  expect(subscriptions.shown()).toMatchObject([{ layer: 1, view: { publicationPaused: true, hidden: true } }])
})

test('a subscription that is told of before and after a resume is set up once', async () => {
  const { subscriptions, node } = newSubscriptions()
  await Promise.all([
    subscriptions.add(node.transport, [view('a')], node.callNode),
    subscriptions.add(node.transport, [view('a')], node.callNode),
  ])
  expect(node.made).toEqual(['a'])
})

test('a subscription that could not be reported ready is reported again after the resume', async () => {
  const { subscriptions, node } = newSubscriptions()
  node.lost = true
  await subscriptions.add(node.transport, [view('a')], node.callNode)
  node.lost = false
  await subscriptions.add(node.transport, [view('a')], node.callNode)
  expect(node.ready).toEqual([['a']])
})

test('several subscriptions that the browser refuses are reported as one refused transport', async () => {
  const { subscriptions, node, refused } = newSubscriptions()
  node.refuses = true
  await subscriptions.add(node.transport, [view('a'), view('b'), view('c')], node.callNode)
  expect(refused).toEqual([node.transport])
})

test('a replacement that is closed while its statistics are read causes no error', async () => {
  const { subscriptions, node, shown, environment } = newSubscriptions()
  await subscriptions.add(node.transport, [view('a')], node.callNode)
  const next = newNode()
  next.statsFail = true
  await subscriptions.add(next.transport, [view('a2')], next.callNode)
  await environment.pass(300)
  next.transport.close()
  await environment.pass(300)
  expect(shown).toEqual({ 'anna cam': 'a' })
})

test('a replacement whose statistics are asked for in vain at first is shown when its first picture has arrived', async () => {
  const { subscriptions, node, shown, environment } = newSubscriptions()
  await subscriptions.add(node.transport, [view('a')], node.callNode)
  const next = newNode()
  next.statsMissing = true
  await subscriptions.add(next.transport, [view('a2')], next.callNode)
  await environment.pass(500)
  next.statsMissing = false
  next.flowing.add('a2')
  await environment.pass(1_000)
  expect(shown).toEqual({ 'anna cam': 'a2' })
})

const seats: Record<string, string> = { a: 'anna', b: 'boris', c: 'carl' }

/** The first letter of the id tells the seat. */
function view(id: string): SubscriptionView {
  const seatId = seats[id.charAt(0)] as SeatId
  const flags = { publicationPaused: false, hidden: false, rtpParameters: {} as SubscriptionView['rtpParameters'] }
  return { id, transportId: '', publicationId: id, seatId, source: 'cam', kind: 'video', ...flags }
}

function newSubscriptions() {
  const environment = new TestEnvironment()
  const shown: Record<string, unknown> = {}
  const refused: unknown[] = []
  const subscriptions = new Subscriptions(environment.forTab())
  subscriptions.events.on('track', ({ seatId, source }, track) => {
    if (track) shown[`${seatId} ${source}`] = track.id
    else delete shown[`${seatId} ${source}`]
  })
  subscriptions.events.on('refused', (transport) => refused.push(transport))
  return { environment, subscriptions, shown, refused, node: newNode() }
}

/** A node that records which subscriptions are ready, and a mediasoup transport from it. */
function newNode() {
  const open = new Map<string, { close(): void; transportclose(): void }>()
  const node = {
    ready: [] as string[][],
    flowing: new Set<string>(),
    lost: false,
    refuses: false,
    /** Reading its statistics fails. */
    statsFail: false,
    /** Its statistics never come, as in Firefox while a connection is being made. */
    statsMissing: false,
    made: [] as string[],
    get open() {
      return [...open.keys()]
    },
    callNode: ((call) => callNode(call)) as CallNode,
    transport: null as unknown as types.Transport,
  }
  const callNode: CallNode = (call) => {
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
        if (node.statsFail) throw new DOMException('closed', 'InvalidStateError')
        if (node.statsMissing) return new Promise<never>(() => undefined)
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
