import { afterAll, describe, expect, it } from 'vitest'
import { networkTrouble } from './browser/Witness.ts'
import type { Device } from './browser/Device.ts'
import { newAccount, newDirect, newOwner } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { Services } from './house/Services.ts'
import { patience, receive } from './media/callers.ts'
import { Company } from './media/Company.ts'
import { pairs } from './media/figures.ts'
import { longestGaps, markGaps } from './media/gaps.ts'
import { mark, participants, tile } from './screens/calls.ts'
import { button, gone, seen } from './screens/controls.ts'

const services = await Services.start()
const house = await Installation.start({ services })
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
const clara = await newAccount(house, anna, { name: 'Clara Rossi' })
const daniel = await newAccount(house, anna, { name: 'Daniel Okafor' })
const [first, second] = [await newDirect(anna, boris), await newDirect(clara, daniel)]
afterAll(() => house.stop())
const company = new Company(house)
/** So small that four of them fit on two cores. */
const camera = { width: 160, height: 90, frameRate: 5 }
for (const each of [anna, boris, clara, daniel]) company.equip(each, { camera, gaps: true })

/** What two busy cores alone make of a stream that nobody touched. */
const noise = 2_500
/** What a call takes at most to be whole again. */
const hiccup = 15_000
const told = /The call was interrupted|The line to the call is lost|Sound and picture are interrupted/

/** Two of them on each of the two workers of the first node. */
const home = await house.addNode({ SFU_WORKERS: '2' })

describe('nobody in a call notices', () => {
  it('that the API was killed and came back', async () => {
    await untouched(async () => {
      await house.kill()
      await house.start()
    })
  })

  it('that Postgres and Redis were killed and came back', async () => {
    await untouched(async () => {
      await services.kill()
      await services.restart()
    })
  })
})

describe('a worker that crashes', () => {
  it('takes its meeting along for a moment; the other meeting on the node has no gap', async () => {
    const hit = await company.two(first, anna, boris)
    const other = await company.two(second, clara, daniel)
    const connections = await countConnections(other)
    await watch(other)
    const [pair] = await pairs(hit[0].page)
    await meetAnew(hit, () => process.kill(home.workerOn(pair?.remotePort ?? 0), 'SIGSEGV'))
    await areWell(other, noise)
    expect(await countConnections(other)).toEqual(connections)
  })
})

describe('a node with two meetings', () => {
  it('that stops hands everybody over: they meet again at the other one, in their seats', async () => {
    const all = [...(await company.two(first, anna, boris)), ...(await company.two(second, clara, daniel))]
    await house.addNode({ SFU_WORKERS: '2' })
    await meetAnew(all, () => home.stop())
  })

  it('that is killed: they meet again at the other one, in their seats', async () => {
    await home.start()
    const all = [...(await company.two(first, anna, boris)), ...(await company.two(second, clara, daniel))]
    await meetAnew(all, () => house.nodes[1]?.kill())
    await seen(tile(all[0]!.page, 'Boris Petrov'))
    await seen(button(all[0]!.page, 'Mute microphone'))
  })
})

/** Through all of it media flow over the same connections, and afterwards the seat is known again. */
async function untouched(trouble: () => Promise<void>): Promise<void> {
  const both = await company.two(first, anna, boris)
  const connections = await countConnections(both)
  await watch(both)
  await trouble()
  for (const { page } of both)
    await expect.poll(() => page.getByText(/connection to the server|reconnecting/i).count(), patience).toBe(0)
  await areWell(both, noise)
  expect(await countConnections(both)).toEqual(connections)
}

/** Over new connections, within a time that people forgive. */
async function meetAnew(devices: Device[], trouble: () => unknown): Promise<void> {
  const before = await countConnections(devices)
  await watch(devices)
  await trouble()
  const areNew = async () => (await countConnections(devices)).every((count, at) => count > before[at]!)
  await expect.poll(areNew, patience).toBe(true)
  await areWell(devices, hiccup)
}

/** From now on silences are measured, and what the console says about the trouble is no surprise. */
async function watch(devices: Device[]): Promise<void> {
  for (const { page, witness } of devices) {
    witness.expect(networkTrouble, /status of 50\d/)
    await markGaps(page)
  }
}

/** They see and hear each other, nobody is away, nothing is being mended, and no silence was longer. */
async function areWell(devices: Device[], gap: number): Promise<void> {
  await receive(devices, { pictures: 1, voices: 1 })
  for (const { page } of devices) {
    for (const each of [page.getByText(told), mark(participants(page), 'Away')]) await gone(each, patience.timeout)
    expect(Math.max(...Object.values(await longestGaps(page)))).toBeLessThan(gap)
  }
}

function countConnections(devices: Device[]): Promise<number[]> {
  return Promise.all(devices.map(({ page }) => page.evaluate(() => globalThis.tapped.length)))
}
