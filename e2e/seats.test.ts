import { afterAll, describe, expect, it } from 'vitest'
import type { Page } from 'playwright-core'
import { networkTrouble, refused } from './browser/Witness.ts'
import { anotherSession, newAccount, newGroup, newOwner } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { isIn, openCaller, patience, receive, receives } from './media/callers.ts'
import { Company } from './media/Company.ts'
import { isInCall, isSeen, mark, panel, participants, tile } from './screens/calls.ts'
import { button, gone, link, press, seen } from './screens/controls.ts'
import { findings } from './screens/findings.ts'

const house = await Installation.start({ nodes: 1 })
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
const clara = await newAccount(house, anna, { name: 'Clara Rossi' })
const chatId = await newGroup(anna, 'Harbour house', [boris, clara])
afterAll(() => house.stop())
const company = new Company(house)
company.equip(anna, { installed: true })

describe('a tab', () => {
  it('that is loaded anew is in the call again, wherever it was in the app, and as muted as before', async () => {
    const [hers, his] = await company.two(chatId, anna, boris)
    const { page } = hers
    const before = await tabOf(page)
    await press(page, 'Mute microphone')
    await page.reload()
    await isInCall(page)
    expect(await tabOf(page)).toEqual(before)
    await receives(his.page, { pictures: 1, voices: 0 })
    await press(page, 'Unmute microphone')
    await receive([hers, his], { pictures: 1, voices: 1 })

    const lasted = async () => secondsOf((await page.getByRole('timer').textContent()) ?? '')
    await expect.poll(lasted).toBeGreaterThan(3)
    const long = await lasted()
    await link(page, 'To the chat').click()
    await seen(link(page, 'Return to call'))
    await page.reload()
    await link(page, 'Return to call').click()
    await isSeen(page, 'Boris Petrov')
    expect(await lasted()).toBeGreaterThan(long)
    await receive([hers, his], { pictures: 1, voices: 1 })
  })

  it('that is a copy of it is another one: it stands before the door, and takes nothing away', async () => {
    const both = await company.two(chatId, anna, boris)
    const [{ page, context }] = both
    const copied = context.waitForEvent('page')
    await page.evaluate(() => void window.open(location.href))
    const copy = await copied
    await seen(button(copy, 'Join now'))
    await seen(copy.getByText('You are in this meeting on another device. Joining moves it here.'))
    const theirs = await tabOf(copy)
    expect(theirs.tab).not.toBe((await tabOf(page)).tab)
    expect(theirs.call).toBeNull()
    await copy.close()
    await receive(both, { pictures: 1, voices: 1 })
  })

  it('that has left has no call to go back to, and comes in again by the door', async () => {
    const both = await company.two(chatId, anna, boris)
    const [{ page }, his] = both
    await press(page, 'Leave')
    await seen(page.getByRole('heading', { name: 'You left the call' }))
    await gone(tile(his.page, 'Anna Lindqvist'))
    expect(await findings(both[0])).toEqual([])
    await press(page, 'Rejoin')
    await isSeen(his.page, 'Anna Lindqvist')

    await press(page, 'Leave')
    await seen(page.getByRole('heading', { name: 'You left the call' }))
    expect((await tabOf(page)).call).toBeNull()
    await page.reload()
    await press(page, 'Join now')
    await isIn(page)
    await receive(both, { pictures: 1, voices: 1 })
  })

  it('that is closed has left: the others see nobody there, and not somebody away', async () => {
    const [hers, his] = await company.two(chatId, anna, boris)
    await his.page.close({ runBeforeUnload: false })
    await gone(tile(hers.page, 'Boris Petrov'))
    await expect.poll(() => mark(participants(hers.page), 'Away').count()).toBe(0)
    await seen(hers.page.getByText('Nobody else is here yet.'))
  })
})

describe('a seat', () => {
  it('is taken over by another device, and taken back', async () => {
    const both = await company.two(chatId, anna, boris)
    const [, { page }] = both
    const moved = 'The call moved to another tab or device'
    const other = await openCaller(house, await anotherSession(house, boris))
    await other.goto(`/call/${chatId}`)
    await seen(other.page.getByText('You are in this meeting on another device. Joining moves it here.'))
    await press(other.page, 'Join now')
    await isIn(other.page)
    await seen(page.getByRole('alert').getByText(moved), patience.timeout)
    expect(await findings(both[1])).toEqual([])
    await receives(both[0].page, { pictures: 1, voices: 1 })
    await press(page, 'Take it back')
    await seen(other.page.getByText(moved), patience.timeout)
    await receive(both, { pictures: 1, voices: 1 })
  })

  it('outlives the tab that died and the node that died: whom it lost is away, and the call goes on by itself', async () => {
    const both = await company.two(chatId, anna, boris)
    const [{ page }] = both
    const [lost] = await company.inCall(chatId, clara)
    await isSeen(page, 'Clara Rossi')
    await lost.killTab()
    await seen(mark(tile(page, 'Clara Rossi'), 'Away'), 20_000)

    for (const { witness } of both) witness.expect(networkTrouble, refused(503))
    const [node] = house.nodes
    await node?.kill()
    const told = page.getByText('The call was interrupted. Getting back in…')
    await seen(told, 30_000)
    await node?.start()
    await gone(told, 30_000)
    await receive(both, { pictures: 1, voices: 1 })
    await seen(mark(tile(page, 'Clara Rossi'), 'Away'), 20_000)
    await press(page, 'People')
    await seen(panel(page, 'People').getByText('Away · 1'))
  })

  it('is lost with the place in the chat, which is said', async () => {
    const [hers, his] = await company.inCall(chatId, anna, boris)
    his.witness.expect(refused(404))
    await anna.api.chats.removeMember.mutate({ chatId, userId: boris.userId })
    await seen(his.page.getByRole('heading', { name: 'You were removed from the call' }), 20_000)
    await gone(tile(hers.page, 'Boris Petrov'))
    expect(await findings(his)).toEqual([])
    await press(his.page, 'To the meetings')
    await seen(his.page.getByRole('heading', { name: 'Meetings' }))
  })
})

/** Who a tab is, and which call it comes back to. */
function tabOf(page: Page): Promise<{ tab: string | null; call: string | null }> {
  return page.evaluate(() => ({
    tab: sessionStorage.getItem('veche-tab'),
    call: (JSON.parse(sessionStorage.getItem('veche-call') ?? '{}') as { meetingId?: string }).meetingId ?? null,
  }))
}

/** Of "1:05". */
function secondsOf(time: string): number {
  return time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}
