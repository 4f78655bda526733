import { beforeEach, expect, test } from 'vitest'
import { TestDeviceAccess } from '#lib/test/device-access.ts'
import { FakeBrowser } from '../../../../test/browser.ts'
import { MediaDevicesState, type Permission } from './MediaDevicesState.svelte.ts'

beforeEach(() => {
  new FakeBrowser()
  Object.assign(globalThis, { MediaStream: class {} })
})

test('the microphone and the camera are requested together, so that the user is asked once', async () => {
  const { devices, access } = newDevices()
  await devices.start()
  expect(access.requests).toEqual([{ mic: null, cam: null }])
  expect(devices.permission).toEqual({ mic: 'granted', cam: 'granted' })
})

test('a microphone opens although there is no camera', async () => {
  const { devices, access } = newDevices()
  access.pluggedIn = access.pluggedIn.filter(({ kind }) => kind !== 'cam')
  await devices.start()
  expect(devices.mic.track).not.toBeNull()
  expect(devices.permission).toEqual({ mic: 'granted', cam: 'missing' })
})

test.each<[string, Permission]>([
  ['NotAllowedError', 'denied'],
  ['NotFoundError', 'missing'],
  ['NotReadableError', 'busy'],
  ['AbortError', 'busy'],
])(
  'the error %s is shown as the permission %s, and the device is requested again when the user retries',
  async (name, permission) => {
    const { devices, access } = newDevices()
    access.openError = name
    await devices.start()
    expect(devices.permission).toEqual({ mic: permission, cam: permission })
    access.openError = null
    await devices.retry('mic')
    expect(devices.permission).toEqual({ mic: 'granted', cam: permission })
  },
)

test('a device that the user turned off is not opened, and is off the next time', async () => {
  const { devices, access } = newDevices()
  await devices.toggle('cam')
  await devices.start()
  expect(access.requests).toEqual([{ mic: null }])
  const next = newDevices(access)
  expect(next.devices.wanted).toEqual({ mic: true, cam: false })
})

test('a call without video leaves alone whether the camera is on the next time, and the microphone is remembered', async () => {
  const { devices, access } = newDevices()
  devices.startWithoutCamera()
  await devices.start()
  expect(access.requests).toEqual([{ mic: null }])
  await devices.toggle('mic')
  await devices.toggle('cam')
  await devices.toggle('cam')
  expect(newDevices(access).devices.wanted).toEqual({ mic: false, cam: true })
})

test('a camera that is turned off is closed, and a microphone that is turned off stays open', async () => {
  const { devices } = newDevices()
  await devices.start()
  const [mic, cam] = [devices.mic.track, devices.cam.track]
  await devices.toggle('mic')
  await devices.toggle('cam')
  expect([mic?.readyState, cam?.readyState]).toEqual(['live', 'ended'])
})

test('the chosen device is found again next time, by its label if the browser has changed its id', async () => {
  const { devices, access } = newDevices()
  access.plug('mic', 'headset', 'Headset')
  await devices.start()
  await devices.choose('mic', 'headset')
  access.unplug('headset')
  access.plug('mic', 'other-name', 'Headset')
  const next = newDevices(access)
  await next.devices.start()
  expect(next.devices.inUse.mic).toBe('other-name')
  expect(access.requests.at(-1)).toMatchObject({ mic: 'other-name' })
})

test('the chosen device is used in a browser that names no device before one is open', async () => {
  const { devices, access } = newDevices()
  access.plug('mic', 'headset', 'Headset')
  access.plug('out', 'headset-out', 'Headset')
  await devices.start()
  await devices.choose('mic', 'headset')
  await devices.choose('out', 'headset-out')
  access.hidesNames = true
  const next = newDevices(access).devices
  await next.start()
  expect(next.inUse).toMatchObject({ mic: 'headset', out: 'headset-out' })
  expect(next.mic.track?.label).toBe('Headset')
})

test('a device whose name becomes known while the user is asked is not reported as plugged in again', async () => {
  const { devices, access } = newDevices()
  access.plug('mic', 'headset', 'Headset')
  await devices.start()
  await devices.choose('mic', 'headset')
  access.hidesNames = true
  const next = newDevices(access).devices
  const answer = access.askUser()
  const started = next.start()
  await access.settled()
  access.hidesNames = false
  await access.changed()
  answer()
  await started
  await access.settled()
  expect([next.notice, next.mic.track?.label]).toEqual([null, 'Headset'])
})

test('a chosen device that is unplugged is replaced by another one, and used again when it is back, with a notice each time', async () => {
  const { devices, access } = newDevices()
  access.plug('mic', 'headset', 'Headset')
  await devices.start()
  await devices.choose('mic', 'headset')
  access.unplug('headset')
  await access.changed()
  expect(devices.notice).toEqual({ kind: 'mic', what: 'gone', label: 'Headset', usingNow: 'Built-in mic' })
  expect(devices.mic.track?.label).toBe('Built-in mic')
  access.plug('mic', 'headset', 'Headset')
  await access.changed()
  expect(devices.notice).toMatchObject({ what: 'back', label: 'Headset' })
  expect(devices.mic.track?.label).toBe('Headset')
})

test('a missing device that the user wants is opened when it is plugged in', async () => {
  const { devices, access } = newDevices()
  access.unplug('cam')
  await devices.start()
  expect(devices.permission.cam).toBe('missing')
  access.plug('cam', 'cam2', 'New camera')
  await access.changed()
  expect(devices.cam.track?.label).toBe('New camera')
})

test('a permission that the user grants later in the browser opens the devices that are wanted', async () => {
  const { devices, access } = newDevices()
  access.openError = 'NotAllowedError'
  await devices.start()
  access.openError = null
  access.permissionState = 'granted'
  await access.changed()
  expect(devices.permission).toEqual({ mic: 'granted', cam: 'granted' })
  expect(devices.mic.track).not.toBeNull()
})

test('a microphone that the system took is opened anew when the page is visible again', async () => {
  const { devices, access } = newDevices()
  await devices.start()
  const taken = devices.mic.track
  taken?.onmute?.(new Event('mute'))
  expect(devices.mic.held).toBe(true)
  await access.pageShown()
  expect(devices.mic.held).toBe(false)
  expect(devices.mic.track).not.toBe(taken)
})

test('of two devices that are chosen one right after the other only the later one stays open', async () => {
  const { devices, access } = newDevices()
  access.plug('mic', 'headset', 'Headset')
  await devices.start()
  await Promise.all([devices.choose('mic', 'headset'), devices.choose('mic', null)])
  expect(devices.mic.track?.label).toBe('Built-in mic')
  expect(access.opened.filter(({ kind, readyState }) => kind === 'audio' && readyState === 'live')).toHaveLength(1)
})

test('closing closes every device', async () => {
  const { devices, access } = newDevices()
  await devices.start()
  devices.close()
  expect(access.opened.map(({ readyState }) => readyState)).toEqual(['ended', 'ended'])
})

test('unreadable settings in the storage are replaced by the defaults', () => {
  localStorage.setItem('veche-devices', '{"chosen":')
  expect(newDevices().devices.wanted).toEqual({ mic: true, cam: true })
})

test('a listener is told when the system takes a camera and when it gives it back', async () => {
  const { devices } = newDevices()
  await devices.start()
  const reported: boolean[] = []
  devices.events.on('track', (kind) => reported.push(devices[kind].held))
  devices.cam.track?.onmute?.(new Event('mute'))
  devices.cam.track?.onunmute?.(new Event('unmute'))
  expect(reported).toEqual([true, false])
})

test('the chosen loudspeaker is found again next time, and its going and coming back are reported', async () => {
  const { devices, access } = newDevices()
  access.plug('out', 'headset', 'Headset')
  await devices.start()
  await devices.choose('out', 'headset')
  const next = newDevices(access).devices
  const reported: (string | null)[] = []
  next.events.on('output', (id) => reported.push(id))
  await next.start()
  access.unplug('headset')
  await access.changed()
  expect(next.notice).toEqual({ kind: 'out', what: 'gone', label: 'Headset', usingNow: null })
  access.plug('out', 'headset', 'Headset')
  await access.changed()
  expect(reported).toEqual(['headset', null, 'headset'])
})

test('a permission that is granted after closing opens nothing', async () => {
  const { devices, access } = newDevices()
  const answer = access.askUser()
  void devices.start()
  await access.settled()
  devices.close()
  answer()
  await access.settled()
  expect(access.opened.map(({ readyState }) => readyState)).toEqual(['ended', 'ended'])
  expect([devices.mic.track, devices.cam.track]).toEqual([null, null])
})

test('a start that is interrupted by closing opens nothing, and the next start opens everything', async () => {
  const { devices, access } = newDevices()
  void devices.start()
  devices.close()
  await access.settled()
  expect(access.requests).toEqual([])
  await devices.start()
  expect(access.openLabels()).toEqual(['Built-in mic', 'Built-in camera'])
})

test('after closing nothing is opened by a choice, a retry, a device that is plugged in or a track that has ended', async () => {
  const { devices, access } = newDevices()
  access.plug('mic', 'headset', 'Headset')
  await devices.start()
  devices.mic.track?.onended?.(new Event('ended'))
  devices.close()
  await devices.choose('mic', 'headset')
  await devices.retry('cam')
  await access.changed()
  expect(access.openLabels()).toEqual([])
})

test('a camera that is turned off while the user is asked stays off, and the microphone opens', async () => {
  const { devices, access } = newDevices()
  const answer = access.askUser()
  void devices.start()
  await access.settled()
  await devices.toggle('cam')
  answer()
  await access.settled()
  expect(access.openLabels()).toEqual(['Built-in mic'])
  expect(devices.cam.opening).toBe(false)
})

test('when both devices could not be opened together, only a device that is still wanted is requested again', async () => {
  const { devices, access } = newDevices()
  const answer = access.askUser()
  access.openError = 'NotFoundError'
  const started = devices.start()
  await access.settled()
  await devices.toggle('cam')
  answer()
  await started
  expect(access.requests.slice(1)).toEqual([{ mic: null }])
})

test('where only one camera can be open, the one in use is closed for the one that is chosen', async () => {
  const { devices, access } = newDevices()
  access.plug('cam', 'back', 'Back camera')
  access.oneCamera = true
  await devices.start()
  await devices.choose('cam', 'back')
  expect(access.openLabels()).toEqual(['Built-in mic', 'Back camera'])
  expect(devices.permission.cam).toBe('granted')
})

test('choosing a camera that another program holds keeps the one in use', async () => {
  const { devices, access } = newDevices()
  access.plug('cam', 'taken', 'Taken camera')
  access.busyId = 'taken'
  await devices.start()
  await devices.choose('cam', 'taken')
  expect(access.openLabels()).toEqual(['Built-in mic', 'Built-in camera'])
  expect(devices.permission.cam).toBe('busy')
})

test('several change events at once are handled once, and a headset that is back by then stays in use', async () => {
  const { devices, access } = newDevices()
  access.plug('mic', 'headset', 'Headset')
  await devices.start()
  await devices.choose('mic', 'headset')
  const before = access.requests.length
  access.unplug('headset')
  await Promise.all([access.changed(), access.changed(), access.changed()])
  expect(access.requests.slice(before)).toEqual([{ mic: null }])
  const gone = access.changed()
  access.plug('mic', 'headset', 'Headset')
  await Promise.all([gone, access.changed()])
  expect(devices.mic.track?.label).toBe('Headset')
  expect(devices.notice).toMatchObject({ what: 'back' })
})

test('a microphone whose level cannot be measured is opened and reported all the same', async () => {
  const { devices, access } = newDevices()
  access.meter = () => {
    throw new DOMException('another rate', 'NotSupportedError')
  }
  const reported: unknown[] = []
  devices.events.on('track', (kind) => reported.push(kind))
  await devices.start()
  expect(reported).toContain('mic')
  expect(devices.permission.mic).toBe('granted')
})

function newDevices(access = new TestDeviceAccess()) {
  return { access, devices: new MediaDevicesState({ access, storage: localStorage }) }
}
