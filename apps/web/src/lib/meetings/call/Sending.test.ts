import { beforeEach, expect, test } from 'vitest'
import { TestMachine } from '#lib/test/machine.ts'
import { newMediaNode } from '#lib/test/media-node.ts'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { FakeBrowser } from '../../../../test/browser.ts'
import { Devices } from '../devices/Devices.svelte.ts'
import { Outgoing } from './Outgoing.ts'
import { Roster } from './Roster.svelte.ts'
import { Sending } from './Sending.svelte.ts'

const all = ['mic', 'cam', 'screen'] as const
let picked: { track: { readyState: string }; stream: MediaStream }[] = []
let choose: () => void = () => undefined

beforeEach(() => {
  new FakeBrowser()
  Object.assign(globalThis, { MediaStream: class {} })
  picked = []
  const { promise, resolve } = Promise.withResolvers<void>()
  choose = resolve
  const getDisplayMedia = async () => {
    await promise
    return pickedScreen()
  }
  Object.defineProperty(navigator, 'mediaDevices', { value: { getDisplayMedia }, configurable: true })
})

test('what is open and wanted is sent, with what the seat may send', async () => {
  const { sending, node, machine } = await newSending()
  expect(node.said).toEqual(['produce Built-in mic', 'produce Built-in camera'])
  sending.toggle('mic')
  await machine.settled()
  expect(node.said.at(-1)).toBe('pause')
})

test('without the right to it a microphone is not offered to the node, and with it at once', async () => {
  const { sending, node, machine } = await newSending(['cam'])
  expect(node.said).toEqual(['produce Built-in camera'])
  sending.may([...all])
  await machine.settled()
  expect(node.said).toEqual(['produce Built-in camera', 'produce Built-in mic'])
})

test('what the system holds is off for the others, and on again when it is given back', async () => {
  const { sending, node, machine, devices } = await newSending()
  devices.mic.track?.onmute?.(new Event('mute'))
  await machine.settled()
  expect([node.said.at(-1), sending.mic.on, sending.mic.blocked]).toEqual(['pause', false, 'system'])
  devices.mic.track?.onunmute?.(new Event('unmute'))
  await machine.settled()
  expect([node.said.at(-1), sending.mic.on, sending.mic.blocked]).toEqual(['resume', true, null])
})

test('a microphone that a telephone call has is no muted one for the others, but none; given back, it is heard again', async () => {
  const { sending, node, machine, devices, environment } = await newSending()
  const { track } = devices.mic
  track?.onmute?.(new Event('mute'))
  await environment.pass(1_999)
  expect(node.said.slice(2)).toEqual(['pause'])
  await environment.pass(1)
  expect(node.said.slice(2)).toEqual(['pause', 'close'])
  expect(sending.mic.blocked).toBe('system')
  track?.onunmute?.(new Event('unmute'))
  await machine.settled()
  expect(node.said.slice(4)).toEqual(['produce Built-in mic'])
  expect(sending.mic.on).toBe(true)
})

test('a moment of silence by the system is no telephone call', async () => {
  const { node, devices, environment } = await newSending()
  for (const what of ['onmute', 'onunmute', 'onmute', 'onunmute'] as const) {
    devices.mic.track?.[what]?.(new Event('change'))
    await environment.pass(1_500)
  }
  await environment.pass(10_000)
  expect(node.said.slice(2)).toEqual(['pause', 'resume', 'pause', 'resume'])
})

test('what the node refuses is off here as well, and is not remembered as a wish', async () => {
  const { sending, node, machine, devices } = await newSending()
  sending.toggle('mic')
  await machine.settled()
  node.fails = 'call.limit'
  sending.toggle('mic')
  await machine.settled()
  expect([sending.mic.wanted, sending.refusal]).toEqual([false, { what: 'mic', code: 'call.limit' }])
  expect(devices.mic.track?.enabled).toBe(false)
  expect(new Devices({ machine, storage: localStorage }).wanted.mic).toBe(true)
  node.fails = null
  sending.toggle('mic')
  await machine.settled()
  expect([sending.mic.on, sending.refusal]).toEqual([true, null])
})

test('a screen that is chosen after the end is not shown, and let go', async () => {
  const { sending, end, machine, node } = await newSending()
  const sharing = sending.share()
  end()
  choose()
  await sharing
  await machine.settled()
  expect([sending.sharing, picked[0]?.track.readyState]).toEqual([false, 'ended'])
  expect(node.said).not.toContain('produce a screen')
})

test('two clicks ask once which screen', async () => {
  const { sending } = await newSending()
  const both = [sending.share(), sending.share()]
  choose()
  await Promise.all(both)
  expect([sending.sharing, picked.length]).toEqual([true, 1])
})

test('a screen that may no longer be shown by the time it is chosen is let go', async () => {
  const { sending } = await newSending()
  const sharing = sending.share()
  sending.may(['mic', 'cam'])
  choose()
  await sharing
  expect([sending.sharing, picked[0]?.track.readyState]).toEqual([false, 'ended'])
})

test('at the end the screen is let go, and nobody is heard by a key that is still held', async () => {
  const { sending, end } = await newSending()
  choose()
  await sending.share()
  sending.toggle('mic')
  sending.holdToTalk(true)
  end()
  expect([sending.sharing, sending.mic.wanted, picked[0]?.track.readyState]).toEqual([false, false, 'ended'])
})

async function newSending(caps: ('mic' | 'cam' | 'screen')[] = [...all]) {
  const machine = new TestMachine()
  const devices = new Devices({ machine, storage: localStorage })
  const environment = new TestEnvironment()
  const node = newMediaNode()
  const outgoing: Outgoing = new Outgoing((source, { code }) => sending.refused(source, code))
  const sending: Sending = new Sending({
    devices,
    roster: new Roster(environment.forTab()),
    outgoing: () => outgoing,
    environment: environment.forTab(),
    wished: () => undefined,
  })
  const end = sending.begin()
  await devices.start()
  sending.may(caps)
  outgoing.use(node.link())
  await machine.settled()
  return { machine, devices, node, sending, end, environment }
}

function pickedScreen(): MediaStream {
  const track = { id: 'a screen', readyState: 'live', enabled: true, stop: () => (track.readyState = 'ended') }
  const stream = { getVideoTracks: () => [track], getAudioTracks: () => [] } as unknown as MediaStream
  picked.push({ track, stream })
  return stream
}
