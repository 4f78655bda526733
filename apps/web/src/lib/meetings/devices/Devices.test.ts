import { beforeEach, expect, test } from 'vitest'
import { TestMachine } from '#lib/test/machine.ts'
import { FakeBrowser } from '../../../../test/browser.ts'
import { Devices, type Permission } from './Devices.svelte.ts'

beforeEach(() => {
  new FakeBrowser()
  Object.assign(globalThis, { MediaStream: class {} })
})

test('both are asked for in one question', async () => {
  const { devices, machine } = newDevices()
  await devices.start()
  expect(machine.asked).toEqual([{ mic: null, cam: null }])
  expect(devices.permission).toEqual({ mic: 'granted', cam: 'granted' })
})

test('one can be had without the other', async () => {
  const { devices, machine } = newDevices()
  machine.plugged = machine.plugged.filter(({ kind }) => kind !== 'cam')
  await devices.start()
  expect(devices.mic.track).not.toBeNull()
  expect(devices.permission).toEqual({ mic: 'granted', cam: 'missing' })
})

test.each<[string, Permission]>([
  ['NotAllowedError', 'denied'],
  ['NotFoundError', 'missing'],
  ['NotReadableError', 'busy'],
  ['AbortError', 'busy'],
])('%s is said as %s, and asked again when one wants to', async (name, said) => {
  const { devices, machine } = newDevices()
  machine.refuses = name
  await devices.start()
  expect(devices.permission).toEqual({ mic: said, cam: said })
  machine.refuses = null
  await devices.retry('mic')
  expect(devices.permission).toEqual({ mic: 'granted', cam: said })
})

test('what is not wanted is not opened, and the wish is remembered', async () => {
  const { devices, machine } = newDevices()
  await devices.toggle('cam')
  await devices.start()
  expect(machine.asked).toEqual([{ mic: null }])
  const next = newDevices(machine)
  expect(next.devices.wanted).toEqual({ mic: true, cam: false })
})

test('a camera that is turned off is closed, a microphone stays open', async () => {
  const { devices } = newDevices()
  await devices.start()
  const [mic, cam] = [devices.mic.track, devices.cam.track]
  await devices.toggle('mic')
  await devices.toggle('cam')
  expect([mic?.readyState, cam?.readyState]).toEqual(['live', 'ended'])
})

test('the chosen device is found again next time, by its label when the browser has renamed it', async () => {
  const { devices, machine } = newDevices()
  machine.plug('mic', 'headset', 'Headset')
  await devices.start()
  await devices.choose('mic', 'headset')
  machine.unplug('headset')
  machine.plug('mic', 'other-name', 'Headset')
  const next = newDevices(machine)
  await next.devices.start()
  expect(next.devices.chosen.mic).toBe('other-name')
  expect(machine.asked.at(-1)).toMatchObject({ mic: 'other-name' })
})

test('the chosen device is found by browsers that name none before something is open', async () => {
  const { devices, machine } = newDevices()
  machine.plug('mic', 'headset', 'Headset')
  machine.plug('out', 'headset-out', 'Headset')
  await devices.start()
  await devices.choose('mic', 'headset')
  await devices.choose('out', 'headset-out')
  machine.discreet = true
  const next = newDevices(machine).devices
  await next.start()
  expect(next.chosen).toMatchObject({ mic: 'headset', out: 'headset-out' })
  expect(next.mic.track?.label).toBe('Headset')
})

test('a permission that is given while the question is open is no news of a device that was never away', async () => {
  const { devices, machine } = newDevices()
  machine.plug('mic', 'headset', 'Headset')
  await devices.start()
  await devices.choose('mic', 'headset')
  machine.discreet = true
  const next = newDevices(machine).devices
  const answer = machine.ask()
  const started = next.start()
  await machine.settled()
  machine.discreet = false
  await machine.changed()
  answer()
  await started
  await machine.settled()
  expect([next.notice, next.mic.track?.label]).toEqual([null, 'Headset'])
})

test('a chosen device that vanishes gives way to another, which is said, and is taken again when it is back', async () => {
  const { devices, machine } = newDevices()
  machine.plug('mic', 'headset', 'Headset')
  await devices.start()
  await devices.choose('mic', 'headset')
  machine.unplug('headset')
  await machine.changed()
  expect(devices.notice).toEqual({ kind: 'mic', what: 'gone', label: 'Headset', usingNow: 'Built-in mic' })
  expect(devices.mic.track?.label).toBe('Built-in mic')
  machine.plug('mic', 'headset', 'Headset')
  await machine.changed()
  expect(devices.notice).toMatchObject({ what: 'back', label: 'Headset' })
  expect(devices.mic.track?.label).toBe('Headset')
})

test('a device that was missing is opened when it is plugged in, if it is wanted', async () => {
  const { devices, machine } = newDevices()
  machine.unplug('cam')
  await devices.start()
  expect(devices.permission.cam).toBe('missing')
  machine.plug('cam', 'cam2', 'New camera')
  await machine.changed()
  expect(devices.cam.track?.label).toBe('New camera')
})

test('a permission that is given later, in the browser, opens what is wanted', async () => {
  const { devices, machine } = newDevices()
  machine.refuses = 'NotAllowedError'
  await devices.start()
  machine.refuses = null
  machine.permitted = 'granted'
  await machine.changed()
  expect(devices.permission).toEqual({ mic: 'granted', cam: 'granted' })
  expect(devices.mic.track).not.toBeNull()
})

test('what the system took is opened anew when the page is shown again', async () => {
  const { devices, machine } = newDevices()
  await devices.start()
  const taken = devices.mic.track
  taken?.onmute?.(new Event('mute'))
  expect(devices.mic.held).toBe(true)
  await machine.shown()
  expect(devices.mic.held).toBe(false)
  expect(devices.mic.track).not.toBe(taken)
})

test('of two openings at once the later one counts, and the other is closed', async () => {
  const { devices, machine } = newDevices()
  machine.plug('mic', 'headset', 'Headset')
  await devices.start()
  await Promise.all([devices.choose('mic', 'headset'), devices.choose('mic', null)])
  expect(devices.mic.track?.label).toBe('Built-in mic')
  expect(machine.opened.filter(({ kind, readyState }) => kind === 'audio' && readyState === 'live')).toHaveLength(1)
})

test('everything is closed at the end', async () => {
  const { devices, machine } = newDevices()
  await devices.start()
  devices.close()
  expect(machine.opened.map(({ readyState }) => readyState)).toEqual(['ended', 'ended'])
})

test('spoilt memory is no memory', () => {
  localStorage.setItem('veche-devices', '{"chosen":')
  expect(newDevices().devices.wanted).toEqual({ mic: true, cam: true })
})

test('what the system takes and gives back is told to whoever sends it', async () => {
  const { devices } = newDevices()
  await devices.start()
  const told: boolean[] = []
  devices.onTrack((kind) => told.push(devices[kind].held))
  devices.cam.track?.onmute?.(new Event('mute'))
  devices.cam.track?.onunmute?.(new Event('unmute'))
  expect(told).toEqual([true, false])
})

test('a loudspeaker is followed: found again next time, gone, and back', async () => {
  const { devices, machine } = newDevices()
  machine.plug('out', 'headset', 'Headset')
  await devices.start()
  await devices.choose('out', 'headset')
  const next = newDevices(machine).devices
  const told: (string | null)[] = []
  next.onOutput((id) => told.push(id))
  await next.start()
  machine.unplug('headset')
  await machine.changed()
  expect(next.notice).toEqual({ kind: 'out', what: 'gone', label: 'Headset', usingNow: null })
  machine.plug('out', 'headset', 'Headset')
  await machine.changed()
  expect(told).toEqual(['headset', null, 'headset'])
})

test('a question that is answered after the end opens nothing', async () => {
  const { devices, machine } = newDevices()
  const answer = machine.ask()
  void devices.start()
  await machine.settled()
  devices.close()
  answer()
  await machine.settled()
  expect(machine.opened.map(({ readyState }) => readyState)).toEqual(['ended', 'ended'])
  expect([devices.mic.track, devices.cam.track]).toEqual([null, null])
})

test('what has only begun to begin opens nothing after the end, and everything when it begins anew', async () => {
  const { devices, machine } = newDevices()
  void devices.start()
  devices.close()
  await machine.settled()
  expect(machine.asked).toEqual([])
  await devices.start()
  expect(machine.live()).toEqual(['Built-in mic', 'Built-in camera'])
})

test('after the end nothing is opened: not by choice, not by a device that comes, not for a track that ended before', async () => {
  const { devices, machine } = newDevices()
  machine.plug('mic', 'headset', 'Headset')
  await devices.start()
  devices.mic.track?.onended?.(new Event('ended'))
  devices.close()
  await devices.choose('mic', 'headset')
  await devices.retry('cam')
  await machine.changed()
  expect(machine.live()).toEqual([])
})

test('a camera that is turned off while the question is open stays off, and nothing else does', async () => {
  const { devices, machine } = newDevices()
  const answer = machine.ask()
  void devices.start()
  await machine.settled()
  await devices.toggle('cam')
  answer()
  await machine.settled()
  expect(machine.live()).toEqual(['Built-in mic'])
  expect(devices.cam.opening).toBe(false)
})

test('a refusal of both asks again only for what is still wanted', async () => {
  const { devices, machine } = newDevices()
  const answer = machine.ask()
  machine.refuses = 'NotFoundError'
  const started = devices.start()
  await machine.settled()
  await devices.toggle('cam')
  answer()
  await started
  expect(machine.asked.slice(1)).toEqual([{ mic: null }])
})

test('where one camera can be open at a time, the one in use gives way to the other', async () => {
  const { devices, machine } = newDevices()
  machine.plug('cam', 'back', 'Back camera')
  machine.oneCamera = true
  await devices.start()
  await devices.choose('cam', 'back')
  expect(machine.live()).toEqual(['Built-in mic', 'Back camera'])
  expect(devices.permission.cam).toBe('granted')
})

test('a camera that another programme holds does not cost the one in use', async () => {
  const { devices, machine } = newDevices()
  machine.plug('cam', 'taken', 'Taken camera')
  machine.busy = 'taken'
  await devices.start()
  await devices.choose('cam', 'taken')
  expect(machine.live()).toEqual(['Built-in mic', 'Built-in camera'])
  expect(devices.permission.cam).toBe('busy')
})

test('a headset that goes in a burst of news is followed once, and one that is back before it was looked stays', async () => {
  const { devices, machine } = newDevices()
  machine.plug('mic', 'headset', 'Headset')
  await devices.start()
  await devices.choose('mic', 'headset')
  const before = machine.asked.length
  machine.unplug('headset')
  await Promise.all([machine.changed(), machine.changed(), machine.changed()])
  expect(machine.asked.slice(before)).toEqual([{ mic: null }])
  const gone = machine.changed()
  machine.plug('mic', 'headset', 'Headset')
  await Promise.all([gone, machine.changed()])
  expect(devices.mic.track?.label).toBe('Headset')
  expect(devices.notice).toMatchObject({ what: 'back' })
})

test('a microphone whose level cannot be measured is open all the same, and told to whoever sends it', async () => {
  const { devices, machine } = newDevices()
  machine.meter = () => {
    throw new DOMException('another rate', 'NotSupportedError')
  }
  const told: unknown[] = []
  devices.onTrack((kind) => told.push(kind))
  await devices.start()
  expect(told).toContain('mic')
  expect(devices.permission.mic).toBe('granted')
})

function newDevices(machine = new TestMachine()) {
  return { machine, devices: new Devices({ machine, storage: localStorage }) }
}
