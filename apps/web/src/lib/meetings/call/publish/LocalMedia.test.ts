import { beforeEach, expect, test } from 'vitest'
import { TestDeviceAccess } from '#lib/test/device-access.ts'
import { newMediaNode } from '#lib/test/media-node.ts'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { FakeBrowser } from '../../../../../test/browser.ts'
import { MediaDevicesState } from '../../devices/MediaDevicesState.svelte.ts'
import { Participants } from '../Participants.svelte.ts'
import { LocalMedia } from './LocalMedia.svelte.ts'

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

test('an open device that is wanted is sent, and paused when it is turned off', async () => {
  const { localMedia, node, access } = await newLocalMedia()
  expect(node.calls).toEqual(['produce Built-in mic', 'produce Built-in camera'])
  localMedia.toggle('mic')
  await access.settled()
  expect(node.calls.at(-1)).toBe('pause')
})

test('a microphone is sent only while the seat has the capability', async () => {
  const { localMedia, node, access } = await newLocalMedia(['cam'])
  expect(node.calls).toEqual(['produce Built-in camera'])
  localMedia.setCapabilities([...all])
  await access.settled()
  expect(node.calls).toEqual(['produce Built-in camera', 'produce Built-in mic'])
})

test('a microphone that the system holds is paused, and resumed when it is given back', async () => {
  const { localMedia, node, access, devices } = await newLocalMedia()
  devices.mic.track?.onmute?.(new Event('mute'))
  await access.settled()
  expect([node.calls.at(-1), localMedia.mic.on, localMedia.mic.blocked]).toEqual(['pause', false, 'system'])
  devices.mic.track?.onunmute?.(new Event('unmute'))
  await access.settled()
  expect([node.calls.at(-1), localMedia.mic.on, localMedia.mic.blocked]).toEqual(['resume', true, null])
})

test('a microphone that the system holds for two seconds is closed instead of muted, and produced anew when it is given back', async () => {
  const { localMedia, node, access, devices, environment } = await newLocalMedia()
  const { track } = devices.mic
  track?.onmute?.(new Event('mute'))
  await environment.pass(1_999)
  expect(node.calls.slice(2)).toEqual(['pause'])
  await environment.pass(1)
  expect(node.calls.slice(2)).toEqual(['pause', 'close'])
  expect(localMedia.mic.blocked).toBe('system')
  track?.onunmute?.(new Event('unmute'))
  await access.settled()
  expect(node.calls.slice(4)).toEqual(['produce Built-in mic'])
  expect(localMedia.mic.on).toBe(true)
})

test('a microphone that the system holds only for moments is never closed', async () => {
  const { node, devices, environment } = await newLocalMedia()
  for (const what of ['onmute', 'onunmute', 'onmute', 'onunmute'] as const) {
    devices.mic.track?.[what]?.(new Event('change'))
    await environment.pass(1_500)
  }
  await environment.pass(10_000)
  expect(node.calls.slice(2)).toEqual(['pause', 'resume', 'pause', 'resume'])
})

test('a microphone that the node refuses is turned off here, and is on again in the next call', async () => {
  const { localMedia, node, access, devices } = await newLocalMedia()
  localMedia.toggle('mic')
  await access.settled()
  node.failsWith = 'call.limit'
  localMedia.toggle('mic')
  await access.settled()
  expect([localMedia.mic.wanted, localMedia.refusal]).toEqual([false, { source: 'mic', code: 'call.limit' }])
  expect(devices.mic.track?.enabled).toBe(false)
  expect(new MediaDevicesState({ access, storage: localStorage }).wanted.mic).toBe(true)
  node.failsWith = null
  localMedia.toggle('mic')
  await access.settled()
  expect([localMedia.mic.on, localMedia.refusal]).toEqual([true, null])
})

test('what was refused is no longer told once the user talks with the key, opens the device again, or has the right back', async () => {
  const { localMedia, node, access } = await newLocalMedia()
  const refuse = async (source: 'mic' | 'cam', code: 'call.limit' | 'call.forbidden') => {
    if (localMedia[source].wanted) localMedia.toggle(source)
    await access.settled()
    node.failsWith = code
    localMedia.toggle(source)
    await access.settled()
    node.failsWith = null
    expect(localMedia.refusal).toEqual({ source, code })
  }
  await refuse('mic', 'call.limit')
  localMedia.setPushToTalk(true)
  expect(localMedia.refusal).toBeNull()
  localMedia.setPushToTalk(false)
  await refuse('cam', 'call.limit')
  await localMedia.repair('cam')
  expect(localMedia.refusal).toBeNull()
  await refuse('cam', 'call.forbidden')
  localMedia.setCapabilities(['mic'])
  expect(localMedia.refusal?.code).toBe('call.forbidden')
  localMedia.setCapabilities([...all])
  expect(localMedia.refusal).toBeNull()
})

test('a screen that is chosen after the end of the call is not shared, and its capture stops', async () => {
  const { localMedia, end, access, node } = await newLocalMedia()
  const sharing = localMedia.shareScreen()
  end()
  choose()
  await sharing
  await access.settled()
  expect([localMedia.sharing, picked[0]?.track.readyState]).toEqual([false, 'ended'])
  expect(node.calls).not.toContain('produce a screen')
})

test('two clicks on Share screen let the user choose a screen once', async () => {
  const { localMedia } = await newLocalMedia()
  const both = [localMedia.shareScreen(), localMedia.shareScreen()]
  choose()
  await Promise.all(both)
  expect([localMedia.sharing, picked.length]).toEqual([true, 1])
})

test('a screen that is chosen after the seat lost the capability is not shared, and its capture stops', async () => {
  const { localMedia } = await newLocalMedia()
  const sharing = localMedia.shareScreen()
  localMedia.setCapabilities(['mic', 'cam'])
  choose()
  await sharing
  expect([localMedia.sharing, picked[0]?.track.readyState]).toEqual([false, 'ended'])
})

test('the end of the call stops the screen capture and the push-to-talk key that is held down', async () => {
  const { localMedia, end } = await newLocalMedia()
  choose()
  await localMedia.shareScreen()
  localMedia.toggle('mic')
  localMedia.setPushToTalk(true)
  end()
  expect([localMedia.sharing, localMedia.mic.wanted, picked[0]?.track.readyState]).toEqual([false, false, 'ended'])
})

async function newLocalMedia(capabilities: ('mic' | 'cam' | 'screen')[] = [...all]) {
  const access = new TestDeviceAccess()
  const devices = new MediaDevicesState({ access, storage: localStorage })
  const environment = new TestEnvironment()
  const node = newMediaNode()
  const localMedia = new LocalMedia({
    devices,
    participants: new Participants(environment.forTab()),
    environment: environment.forTab(),
    onToggle: () => undefined,
  })
  const end = localMedia.start()
  await devices.start()
  localMedia.setCapabilities(capabilities)
  localMedia.publications.connect(node.target())
  await access.settled()
  return { access, devices, node, localMedia, end, environment }
}

function pickedScreen(): MediaStream {
  const track = { id: 'a screen', readyState: 'live', enabled: true, stop: () => (track.readyState = 'ended') }
  const stream = { getVideoTracks: () => [track], getAudioTracks: () => [] } as unknown as MediaStream
  picked.push({ track, stream })
  return stream
}
