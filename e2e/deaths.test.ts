import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { networkTrouble } from './browser/Witness.ts'
import type { Device } from './browser/Device.ts'
import { type Account, newAccount, newDirect, newOwner } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { Services } from './house/Services.ts'
import { inCall, patience, receives, tile } from './media/callers.ts'
import { pairs } from './media/figures.ts'
import { longestGaps, markGaps } from './media/gaps.ts'
import { button, seen } from './screens/controls.ts'

const services = await Services.start()
const house = await Installation.start({ services })
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
const clara = await newAccount(house, anna, { name: 'Clara Rossi' })
const daniel = await newAccount(house, anna, { name: 'Daniel Okafor' })
afterAll(() => house.stop())

/** So small that four of them fit on two cores. */
const camera = { width: 160, height: 90, frameRate: 5 }
/** What two busy cores alone make of a stream that nobody touched. */
const noise = 2_500

describe('a node that is killed', () => {
  it('in the middle of two meetings: everybody meets again at the other one, in their seats', async () => {
    const first = await house.addNode()
    const meetings = [await meeting(anna, boris), await meeting(clara, daniel)]
    const all = meetings.flat()
    await house.addNode()
    for (const { page, witness } of all) {
      witness.expect(networkTrouble, /status of 50\d/)
      await markGaps(page)
    }
    await first.kill()
    await Promise.all(all.map(({ page }) => receives(page, { pictures: 1, voices: 1 })))
    for (const { page } of all) expect(Math.max(...Object.values(await longestGaps(page)))).toBeLessThan(15_000)
    await seen(tile(all[0]!.page, 'Boris Petrov'))
    await seen(button(all[0]!.page, 'Mute microphone'))
    await first.start()
  })
})

describe('a worker that crashes', () => {
  it('takes its meeting along for a moment; the other meeting on the node has no gap', async () => {
    await Promise.all(house.nodes.splice(0).map((node) => node.stop()))
    const node = await house.addNode({ SFU_WORKERS: '2' })
    const [hit, other] = [await meeting(anna, boris), await meeting(clara, daniel)]
    const connections = await Promise.all(other.map(({ page }) => countConnections(page)))
    for (const { page, witness } of [...hit, ...other]) {
      witness.expect(networkTrouble)
      await markGaps(page)
    }
    const [pair] = await pairs(hit[0].page)
    process.kill(node.workerOn(pair?.remotePort ?? 0), 'SIGSEGV')
    await Promise.all(hit.map(({ page }) => receives(page, { pictures: 1, voices: 1 })))
    for (const { page } of hit) expect(Math.max(...Object.values(await longestGaps(page)))).toBeLessThan(15_000)
    for (const { page } of other) expect(Math.max(...Object.values(await longestGaps(page)))).toBeLessThan(noise)
    expect(await Promise.all(other.map(({ page }) => countConnections(page)))).toEqual(connections)
  })
})

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

/** Through all of it media flow over the same connections, and afterwards the seat is known again. */
async function untouched(trouble: () => Promise<void>): Promise<void> {
  const both = await meeting(anna, clara)
  const connections = await Promise.all(both.map(({ page }) => countConnections(page)))
  for (const { page, witness } of both) {
    witness.expect(networkTrouble, /status of 50\d/)
    await markGaps(page)
  }
  await trouble()
  for (const { page } of both) {
    await receives(page, { pictures: 1, voices: 1 })
    await expect.poll(() => page.getByText(/connection to the server|reconnecting/i).count(), patience).toBe(0)
  }
  for (const { page } of both) expect(Math.max(...Object.values(await longestGaps(page)))).toBeLessThan(noise)
  expect(await Promise.all(both.map(({ page }) => countConnections(page)))).toEqual(connections)
  for (const { context } of both) await context.close()
}

async function meeting(one: Account, other: Account): Promise<[Device, Device]> {
  const dialogId = await newDirect(one, other)
  const both = [one, other].map((account) => inCall(house, account, dialogId, { camera, gaps: true }))
  const [here, there] = await Promise.all(both)
  await Promise.all([here!, there!].map(({ page }) => receives(page, { pictures: 1, voices: 1 })))
  return [here!, there!]
}

function countConnections(page: Page): Promise<number> {
  return page.evaluate(() => globalThis.tapped.length)
}
