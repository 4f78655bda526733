import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { callWhenConnected, losesEarlyMedia } from './early-media.ts'
import type { CallNode } from './SignallingSocket.ts'

type Connecting = Parameters<typeof callWhenConnected>[0]

class Transport extends EventEmitter {
  connectionState = 'connecting'
  closed = false
  readonly observer = new EventEmitter()
}

function newCall() {
  const transport = new Transport()
  const calls: string[] = []
  const callNode: CallNode = async () => void calls.push('called') as never
  const call = callWhenConnected(transport as unknown as Connecting, callNode)
  return { transport, calls, call: () => call(() => Promise.resolve()) }
}

test('Firefox loses what is sent to it before its transport is connected, and Chromium does not', () => {
  expect(losesEarlyMedia({ handlerName: 'Firefox120' })).toBe(true)
  expect(losesEarlyMedia({ handlerName: 'Chrome111' })).toBe(false)
})

test('the node is told that it may send when the transport is connected, and not before', async () => {
  const { transport, calls, call } = newCall()
  const answer = call()
  transport.emit('connectionstatechange', 'connecting')
  await Promise.resolve()
  expect(calls).toEqual([])
  transport.emit('connectionstatechange', 'connected')
  await answer
  expect(calls).toEqual(['called'])
})

test('nothing waits for a transport that is connected already, or that ends', async () => {
  const first = newCall()
  first.transport.connectionState = 'connected'
  await first.call()
  const second = newCall()
  const answer = second.call()
  second.transport.observer.emit('close')
  await answer
  expect([first.calls, second.calls]).toEqual([['called'], ['called']])
})
