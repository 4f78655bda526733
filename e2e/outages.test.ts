import { afterAll, expect, test } from 'vitest'
import { scaledMs } from '../ops/test/time-limits.ts'
import { type Device, openDevice } from './browser/Device.ts'
import { networkTrouble } from './browser/PageLog.ts'
import { insertAccount, newDirect, newGroup, newOwner } from './installation/accounts.ts'
import { OwnInstallation } from './installation/OwnInstallation.ts'
import { Services } from './installation/Services.ts'
import { CallBrowsers } from './media/CallBrowsers.ts'
import { waitForMediaOfAll } from './media/caller.ts'
import { longestSilences, resetSilences } from './media/silences.ts'
import { mark, participants, tile } from './screens/call.ts'
import { waitForConnection, waitForTick, message, write } from './screens/chats.ts'
import { button, waitUntilHidden, waitUntilVisible } from './screens/controls.ts'

const services = await Services.start()
const installation = await OwnInstallation.start({ services, nodes: 1 })
const anna = await newOwner(installation, { name: 'Anna Lindqvist' })
const boris = await insertAccount(installation, { name: 'Boris Petrov' })
const chatId = await newDirect(anna, boris)
afterAll(() => installation.stop())
const browsers = new CallBrowsers(installation)
for (const each of [anna, boris]) browsers.configure(each, { silences: true })

/** The silence that a loaded machine makes of a stream that nothing touched. `./veche bench recovery` measures the true figures. */
const noiseMs = scaledMs(5_000)
/** The longest silence of a call that reconnects. */
const reconnectMs = scaledMs(30_000)
const trouble = /The call was interrupted|The line to the call is lost|Sound and picture are interrupted/

test('a message that is written while the server is away arrives once when it is back', async () => {
  const group = await newGroup(anna, 'Outage', [boris])
  const herDevice = await openDevice(installation, { account: anna })
  const hisDevice = await openDevice(installation, { account: boris })
  const both = [herDevice, hisDevice]
  for (const device of both) {
    device.pageLog.expect(networkTrouble)
    await device.goto(`/chats/${group}`)
    await waitForConnection(device.page, 'Online')
  }
  await installation.kill()
  for (const { page } of both) {
    await waitForConnection(page, 'Server away')
    await waitUntilVisible(page.getByText('The server does not answer.'))
  }
  await write(herDevice.page, 'into the dark')
  await waitForTick(herDevice.page, 'into the dark', 'Sending')
  await installation.start()
  for (const { page } of both) await waitForConnection(page, 'Online')
  await waitForTick(herDevice.page, 'into the dark', 'Read')
  for (const { page } of both) expect(await message(page, 'into the dark').count()).toBe(1)
  const { messages } = await boris.api.messages.history.query({ chatId: group, limit: 100 })
  expect(messages.filter(({ body }) => body === 'into the dark')).toHaveLength(1)
})

test('a call goes on while the API, Postgres and Redis are killed and come back', async () => {
  const both = await browsers.two(chatId, anna, boris)
  await callGoesOn(both, async () => {
    await Promise.all([installation.kill(), services.kill()])
    await services.restart()
    await installation.start()
  })
})

test('people whose node is killed meet again on another one, in their seats', async () => {
  const both = await browsers.two(chatId, anna, boris)
  await installation.addNode()
  await reconnects(both, () => installation.nodes[0]?.kill())
  await waitUntilVisible(tile(both[0].page, 'Boris Petrov'))
  await waitUntilVisible(button(both[0].page, 'Mute microphone'))
})

/** The app takes media that stood still for longer than this for lost, and opens new connections: on a machine that stalls it is right. */
const takenForLostMs = 4_000

/** Media flow over the same connections all the time, and afterwards the API knows the seats again. */
async function callGoesOn(both: Device[], cause: () => Promise<void>): Promise<void> {
  const connections = await countConnections(both)
  await startMeasuring(both)
  await cause()
  for (const { page } of both)
    await expect.poll(() => page.getByText(/connection to the server|reconnecting/i).count()).toBe(0)
  const silenceMs = await areWell(both, noiseMs)
  if (silenceMs < takenForLostMs) expect(await countConnections(both)).toEqual(connections)
}

/** They meet again over new connections. */
async function reconnects(devices: Device[], cause: () => unknown): Promise<void> {
  const before = await countConnections(devices)
  await startMeasuring(devices)
  await cause()
  const areNew = async () => (await countConnections(devices)).every((count, at) => count > before[at]!)
  await expect.poll(areNew).toBe(true)
  await areWell(devices, reconnectMs)
}

/** Measures silences from now on, and expects the errors of an outage in the console. */
async function startMeasuring(devices: Device[]): Promise<void> {
  for (const { page, pageLog } of devices) {
    pageLog.expect(networkTrouble, /status of 50\d/)
    await resetSilences(page)
  }
}

/** They see and hear each other, nobody is away, and no silence was longer than this. Returns the longest one. */
async function areWell(devices: Device[], maxSilenceMs: number): Promise<number> {
  await waitForMediaOfAll(devices, { pictures: 1, voices: 1 })
  const silences: number[] = []
  for (const { page } of devices) {
    for (const each of [page.getByText(trouble), mark(participants(page), 'Away')]) await waitUntilHidden(each)
    silences.push(...Object.values(await longestSilences(page)))
  }
  expect(Math.max(...silences)).toBeLessThan(maxSilenceMs)
  return Math.max(...silences)
}

function countConnections(devices: Device[]): Promise<number[]> {
  return Promise.all(devices.map(({ page }) => page.evaluate(() => globalThis.peerConnections.length)))
}
