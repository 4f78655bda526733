import { afterAll, expect, test } from 'vitest'
import { scaledMs } from '../ops/test/time-limits.ts'
import type { Device } from './browser/Device.ts'
import { networkTrouble, refused } from './browser/PageLog.ts'
import { insertAccount, newDirect, newGroup, newOwner } from './installation/accounts.ts'
import { OwnInstallation } from './installation/OwnInstallation.ts'
import { CallBrowsers } from './media/CallBrowsers.ts'
import { waitForMediaOfAll } from './media/caller.ts'
import { longestSilences, resetSilences } from './media/silences.ts'
import { pairs } from './media/stream-stats.ts'
import { waitForVideo, mark, panel, participants, tile } from './screens/call.ts'
import { waitUntilHidden, clickButton, waitUntilVisible } from './screens/controls.ts'

const installation = await OwnInstallation.start()
const anna = await newOwner(installation, { name: 'Anna Lindqvist' })
const boris = await insertAccount(installation, { name: 'Boris Petrov' })
const clara = await insertAccount(installation, { name: 'Clara Rossi' })
const daniel = await insertAccount(installation, { name: 'Daniel Okafor' })
const [first, second] = [await newDirect(anna, boris), await newDirect(clara, daniel)]
afterAll(() => installation.stop())
const browsers = new CallBrowsers(installation)
/** So small that four of them fit on two cores. */
const camera = { width: 160, height: 90, frameRate: 5 }
for (const each of [anna, boris, clara, daniel]) browsers.configure(each, { camera, silences: true })
/** Two people on each of the two workers of the first node. */
const firstNode = await installation.addNode({ SFU_WORKERS: '2' })

/** The silence that a loaded machine makes of a stream that nothing touched. `./veche bench recovery` measures the true figures. */
const noiseMs = scaledMs(5_000)
/** The longest silence of a call that reconnects. */
const reconnectMs = scaledMs(30_000)
const trouble = /The call was interrupted|The line to the call is lost|Sound and picture are interrupted/

test('a worker that crashes interrupts its own meeting, and the other meeting on the node has no silence', async () => {
  const hit = await browsers.two(first, anna, boris)
  const other = await browsers.two(second, clara, daniel)
  const connections = await countConnections(other)
  await startMeasuring(other)
  const [pair] = await pairs(hit[0].page)
  await reconnects(hit, () => process.kill(firstNode.workerOn(pair?.remotePort ?? 0), 'SIGSEGV'))
  await areWell(other, noiseMs)
  expect(await countConnections(other)).toEqual(connections)
})

test('a node that stops hands its two meetings over to another node, with all seats', async () => {
  const all = [...(await browsers.two(first, anna, boris)), ...(await browsers.two(second, clara, daniel))]
  await installation.addNode({ SFU_WORKERS: '2' })
  await reconnects(all, () => firstNode.stop())
  await firstNode.start()
})

test('a seat outlives the tab that died and the node that died, and the call goes on', async () => {
  const group = await newGroup(anna, 'Harbour house', [boris, clara])
  await browsers.close(daniel)
  const both = await browsers.two(group, anna, boris)
  const [{ page }] = both
  const [lost] = await browsers.inCall(group, clara)
  await waitForVideo(page, 'Clara Rossi')
  await lost.killTab()
  await waitUntilVisible(mark(tile(page, 'Clara Rossi'), 'Away'))
  for (const { pageLog } of both) pageLog.expect(networkTrouble, refused(503))
  await Promise.all(installation.nodes.map((node) => node.kill()))
  const interrupted = page.getByText('The call was interrupted. Getting back in…')
  await waitUntilVisible(interrupted)
  await firstNode.start()
  await waitUntilHidden(interrupted)
  await waitForMediaOfAll(both, { pictures: 1, voices: 1 })
  await waitUntilVisible(mark(tile(page, 'Clara Rossi'), 'Away'))
  await clickButton(page, 'People')
  await waitUntilVisible(panel(page, 'People').getByText('Away · 1'))
})

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

/** They see and hear each other, nobody is away, and no silence was longer than this. */
async function areWell(devices: Device[], maxSilenceMs: number): Promise<void> {
  await waitForMediaOfAll(devices, { pictures: 1, voices: 1 })
  for (const { page } of devices) {
    for (const each of [page.getByText(trouble), mark(participants(page), 'Away')]) await waitUntilHidden(each)
    expect(Math.max(...Object.values(await longestSilences(page)))).toBeLessThan(maxSilenceMs)
  }
}

function countConnections(devices: Device[]): Promise<number[]> {
  return Promise.all(devices.map(({ page }) => page.evaluate(() => globalThis.peerConnections.length)))
}
