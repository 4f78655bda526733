import { newId } from '@veche/shared/ids'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { refused } from './browser/PageLog.ts'
import { newGroup, newSession } from './installation/accounts.ts'
import { installation, newPerson } from './installation/shared.ts'
import { CallBrowsers } from './media/CallBrowsers.ts'
import { openCaller, waitForMediaOfAll, waitForMedia } from './media/caller.ts'
import { waitUntilInCall, waitForVideo, mark, participants, tile } from './screens/call.ts'
import { button, waitUntilHidden, link, clickButton, waitUntilVisible } from './screens/controls.ts'

const anna = await newPerson('Anna Seat')
const boris = await newPerson('Boris Seat')
const chatId = await newGroup(anna, 'Seats', [boris])
const browsers = new CallBrowsers(installation)

test('a tab that is reloaded is in the call again, as muted as before, and its copy is another tab that takes nothing away', async () => {
  const [herDevice, hisDevice] = await browsers.two(chatId, anna, boris)
  const { page, context } = herDevice
  const before = await tabOf(page)
  await clickButton(page, 'Mute microphone')
  await page.reload()
  await waitUntilInCall(page)
  expect(await tabOf(page)).toEqual(before)
  await waitForMedia(hisDevice.page, { pictures: 1, voices: 0 })
  await clickButton(page, 'Unmute microphone')
  await waitForMediaOfAll([herDevice, hisDevice], { pictures: 1, voices: 1 })

  const copied = context.waitForEvent('page')
  await page.evaluate(() => void window.open(location.href))
  const copy = await copied
  await waitUntilVisible(button(copy, 'Join now'))
  await waitUntilVisible(
    copy.getByText('You are in this call in another tab or on another device. Joining moves it here.'),
  )
  const copiedTab = await tabOf(copy)
  expect(copiedTab.tab).not.toBe((await tabOf(page)).tab)
  expect(copiedTab.call).toBeNull()
  await copy.close()
  await waitForMediaOfAll([herDevice, hisDevice], { pictures: 1, voices: 1 })
})

test('a person who reads a chat or visits other pages during a call gets no pictures and goes on speaking, also after a reload, and has the pictures back on return', async () => {
  const [herDevice, hisDevice] = await browsers.two(chatId, anna, boris)
  const { page } = herDevice
  const lasted = async () => secondsOf((await page.getByRole('timer').textContent()) ?? '')
  const before = await lasted()
  await link(page, 'To the chat').click()
  await waitForMedia(page, { pictures: 0, voices: 1 })
  const muted = mark(tile(hisDevice.page, 'Anna Seat'), 'Microphone off')
  await clickButton(page, 'Mute microphone')
  await waitUntilVisible(muted)
  await clickButton(page, 'Unmute microphone')
  await waitUntilHidden(muted)
  const other = await anna.api.meetings.create.mutate({ id: newId(), chatId: newId(), title: 'Another meeting' })
  await page.evaluate(() => Object.assign(window, { sameSince: 'before' }))
  await link(page, 'Settings').click()
  await waitUntilVisible(page.getByRole('heading', { name: 'Settings' }))
  await clickButton(page, 'Sign out')
  const question = page.getByRole('alertdialog', { name: 'Sign out?' })
  await waitUntilVisible(question.getByText('You are in a call. Signing out leaves it.'))
  await clickButton(question, 'Cancel')
  await link(page, 'People').click()
  await waitUntilVisible(page.getByRole('heading', { name: 'People' }))
  // Pages outside of the app: that of a link, and one for people without an account.
  await follow(page, `/m/${other.code}`)
  await waitUntilVisible(page.getByText('You are in another call: Seats. Joining here ends it for you.'))
  await waitUntilVisible(link(page, 'Return to call'))
  await follow(page, '/signup')
  await waitUntilVisible(page.getByRole('heading', { name: 'You are signed in as Anna Seat' }))
  await clickButton(page, 'Mute microphone')
  await waitUntilVisible(muted)
  await clickButton(page, 'Unmute microphone')
  await waitUntilHidden(muted)
  expect(await page.evaluate(() => 'sameSince' in window)).toBe(true)
  await follow(page, `/chats/${chatId}`)
  await page.reload()
  await link(page, 'Return to call').click()
  await waitForVideo(page, 'Boris Seat')
  expect(await lasted()).toBeGreaterThanOrEqual(before)
  await waitForMediaOfAll([herDevice, hisDevice], { pictures: 1, voices: 1 })

  await setVisibility(page, 'hidden')
  await waitForMedia(page, { pictures: 0, voices: 1 })
  await setVisibility(page, 'visible')
  await waitForMediaOfAll([herDevice, hisDevice], { pictures: 1, voices: 1 })
})

test('a seat is taken over by another device, and taken back', async () => {
  const both = await browsers.two(chatId, anna, boris)
  const [, { page }] = both
  const moved = 'The call moved to another tab or device'
  const other = await openCaller(installation, await newSession(installation, boris))
  await other.goto(`/call/${chatId}`)
  await waitUntilVisible(
    other.page.getByText('You are in this call in another tab or on another device. Joining moves it here.'),
  )
  await clickButton(other.page, 'Join now')
  await waitUntilInCall(other.page)
  await waitUntilVisible(page.getByRole('alert').getByText(moved))
  await waitForMedia(both[0].page, { pictures: 1, voices: 1 })
  await clickButton(page, 'Take it back')
  await waitUntilVisible(other.page.getByText(moved))
  await waitForMediaOfAll(both, { pictures: 1, voices: 1 })
})

test('a person who has left has no call to go back to and rejoins, one who closes the tab has left, and one who is removed from the chat is told', async () => {
  const [herDevice, hisDevice] = await browsers.two(chatId, anna, boris)
  const { page } = herDevice
  await clickButton(page, 'Leave')
  await waitUntilVisible(page.getByRole('heading', { name: 'You left the call' }))
  expect((await tabOf(page)).call).toBeNull()
  await waitUntilHidden(tile(hisDevice.page, 'Anna Seat'))
  await clickButton(page, 'Rejoin')
  await waitForVideo(hisDevice.page, 'Anna Seat')

  await page.close({ runBeforeUnload: false })
  await waitUntilHidden(tile(hisDevice.page, 'Anna Seat'))
  expect(await mark(participants(hisDevice.page), 'Away').count()).toBe(0)
  await waitUntilVisible(hisDevice.page.getByText('Nobody else is here now.'))

  hisDevice.pageLog.expect(refused(404))
  await anna.api.chats.removeMember.mutate({ chatId, userId: boris.userId })
  await waitUntilVisible(hisDevice.page.getByRole('heading', { name: 'You were removed from the call' }))
  await clickButton(hisDevice.page, 'To the meetings')
  await waitUntilVisible(hisDevice.page.getByRole('heading', { name: 'Meetings' }))
})

/** Goes to a page of the app as by a link in it. */
function follow(page: Page, path: string): Promise<void> {
  return page.evaluate((href) => {
    const anchor = document.createElement('a')
    anchor.href = href
    document.body.append(anchor)
    anchor.click()
    anchor.remove()
  }, path)
}

/** Pretends that another tab is shown or hidden: a browser without a window never says so by itself. */
function setVisibility(page: Page, state: DocumentVisibilityState): Promise<void> {
  return page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { value, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  }, state)
}

/** The id of a tab, and the call that it comes back to. */
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
