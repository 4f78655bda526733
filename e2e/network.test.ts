import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { Page } from 'playwright-core'
import { networkTrouble } from './browser/Witness.ts'
import { newAccount, newDirect, newOwner } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { patience, receive } from './media/callers.ts'
import { Company } from './media/Company.ts'
import { Cut } from './media/Cut.ts'
import { mark, tile } from './screens/calls.ts'
import { gone, seen } from './screens/controls.ts'

const house = await Installation.start({ nodes: 1 })
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
const chatId = await newDirect(anna, boris)
const cut = await Cut.open(house.nodes[0]?.media ?? 0)
afterAll(() => house.stop())
afterAll(() => cut.close())
afterEach(() => cut.mend())
const company = new Company(house)
company.equip(boris, { cut })

describe('a network', () => {
  it('that loses packets is said beside the name, with the reason, for as long as it does', async () => {
    const both = await company.two(chatId, anna, boris)
    const marks = both.map(({ page }) => mark(tile(page, 'Boris Petrov'), 'Weak network'))
    const said = () => Promise.all(marks.map((each) => each.evaluateAll(([first]) => first?.getAttribute('title'))))
    const why = 'Weak network. A part of what is sent gets lost on the way.'
    await expect.poll(said, patience).not.toContain(why)
    cut.lose(0.4)
    await expect.poll(said, patience).toEqual([why, why])
    cut.mend()
    await expect.poll(said, patience).not.toContain(why)
    await receive(both, { pictures: 1, voices: 1 })
  })

  it('that is cut for media alone leads to new transports, at the same place and without another ticket', async () => {
    const both = await company.two(chatId, anna, boris)
    const { page, witness } = both[1]
    const joins = () => witness.requests.filter((url) => url.includes('meetings.join')).length
    const [connections, before] = [await countConnections(page), joins()]
    cut.cutMedia()
    await seen(page.getByText('Sound and picture are interrupted. Reconnecting…'), patience.timeout)
    await expect.poll(() => countConnections(page), patience).toBeGreaterThan(connections)
    cut.mend()
    await receive(both, { pictures: 1, voices: 1 })
    await gone(page.getByText(troubled), patience.timeout)
    expect(joins()).toBe(before)
  })

  it('that is cut for ten seconds is a hiccup: both sides see it, and it mends itself', async () => {
    const both = await company.two(chatId, anna, boris)
    const [hers, his] = both
    his.witness.expect(networkTrouble)
    const away = mark(tile(hers.page, 'Boris Petrov'), 'Away')
    cut.cut()
    const since = performance.now()
    await seen(away, patience.timeout)
    await seen(his.page.getByText(troubled), patience.timeout)
    await new Promise((resolve) => setTimeout(resolve, 10_000 - (performance.now() - since)))
    cut.mend()
    await receive(both, { pictures: 1, voices: 1 })
    await expect.poll(() => away.count()).toBe(0)
    await gone(his.page.getByText(troubled), patience.timeout)
  })
})

const troubled = /The line to the call is lost|Sound and picture are interrupted|The call was interrupted/

function countConnections(page: Page): Promise<number> {
  return page.evaluate(() => globalThis.tapped.length)
}
