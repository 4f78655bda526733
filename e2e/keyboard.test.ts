import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { newAccount, newDirect, newGroup, newOwner, PASSWORD, say } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { chatInList, composer, isTicked, message } from './screens/chats.ts'
import { button, gone, link, seen, textbox } from './screens/controls.ts'
import { isSignedIn } from './screens/doors.ts'

const house = await Installation.start()
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
afterAll(() => house.stop())

describe('with the keyboard alone', () => {
  it('one signs in, opens a chat, writes, and is back in the list with Esc', async () => {
    const chatId = await newGroup(anna, 'By keys', [boris])
    await say(boris, chatId, 'press on')
    const { page, ...device } = await openDevice(house).then((opened) => ({ page: opened.page, opened }))
    await device.opened.goto('/signin')
    await focusIsOn(page, 'Email')
    await page.keyboard.type(anna.email)
    await page.keyboard.press('Tab')
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Enter')
    await isSignedIn(device.opened)

    await tabTo(page, (focused) => focused.startsWith('By keys'))
    await page.keyboard.press('Enter')
    await seen(message(page, 'press on'))
    await tabTo(page, (focused) => focused === 'Message')
    await page.keyboard.type('one line')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('and another')
    await page.keyboard.press('Enter')
    await isTicked(page, 'one line', 'Sent')
    expect(await message(page, 'one line').innerText()).toMatch(/one line\nand another/)
    expect(await composer(page).inputValue()).toBe('')
  })

  it('the chats are one stop, and arrows move in them', async () => {
    await newDirect(anna, boris).then((chatId) => say(anna, chatId, 'one'))
    await newGroup(anna, 'Second', [boris])
    const device = await openDevice(house, { account: anna })
    const { page } = device
    await device.goto('/')
    await seen(chatInList(page, 'Second'))
    await chatInList(page, 'Second').getByRole('link').focus()
    const first = await focusedName(page)
    await page.keyboard.press('ArrowDown')
    const second = await focusedName(page)
    expect(second).not.toBe(first)
    await page.keyboard.press('ArrowUp')
    expect(await focusedName(page)).toBe(first)
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.closest('ul[aria-label="Chats"]') === null)).toBe(true)
  })

  it('a menu opens, is walked through, and gives the focus back with Esc', async () => {
    const device = await openDevice(house, { account: anna })
    const { page } = device
    await device.goto('/admin/people')
    await button(page, 'Options for Boris Petrov').focus()
    await page.keyboard.press('ArrowDown')
    await seen(page.getByRole('menu'))
    expect(await focusedName(page)).toBe('Member')
    await page.keyboard.press('End')
    expect(await focusedName(page)).toBe('Disable')
    await page.keyboard.press('Escape')
    await gone(page.getByRole('menu'))
    expect(await focusedName(page)).toBe('Options for Boris Petrov')
  })

  it('a dialog keeps the focus inside, and gives it back with Esc', async () => {
    const device = await openDevice(house, { account: anna })
    const { page } = device
    await device.goto('/')
    await button(page, 'New chat').focus()
    await page.keyboard.press('Enter')
    await seen(page.getByRole('dialog'))
    for (let step = 0; step < 12; step++) {
      await page.keyboard.press('Tab')
      expect(
        await page.evaluate(
          () => document.activeElement === document.body || !!document.activeElement?.closest('dialog'),
        ),
      ).toBe(true)
    }
    await page.keyboard.press('Escape')
    await gone(page.getByRole('dialog'))
    await focusIsOn(page, 'New chat')
  })

  it('the first stop skips to the content', async () => {
    const device = await openDevice(house, { account: anna })
    const { page } = device
    await device.goto('/people')
    await isSignedIn(device)
    await page.keyboard.press('Tab')
    await seen(link(page, 'Skip to content'))
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('content')
  })

  it('"?" shows the keys, also on a Russian layout, unless single keys are switched off', async () => {
    const device = await openDevice(house, { account: boris })
    const { page } = device
    await device.goto('/settings/keyboard')
    await isSignedIn(device)
    await page.keyboard.press('Shift+Slash')
    await seen(page.getByRole('dialog', { name: 'Keyboard shortcuts' }))
    await page.keyboard.press('Escape')
    await gone(page.getByRole('dialog'))
    await page.evaluate(() =>
      dispatchEvent(new KeyboardEvent('keydown', { key: ',', code: 'Slash', shiftKey: true, bubbles: true })),
    )
    await seen(page.getByRole('dialog', { name: 'Keyboard shortcuts' }))
    await page.keyboard.press('Escape')
    const kept = page.waitForResponse((response) => response.url().includes('users.updateSettings'))
    await page.getByRole('switch', { name: 'Single-key shortcuts' }).click()
    await kept
    await seen(page.getByText('Single-key shortcuts are switched off'))
    await page.keyboard.press('Shift+Slash')
    await page.keyboard.press('Shift+Slash')
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  it('Ctrl K leads to the search of chats from anywhere', async () => {
    const device = await openDevice(house, { account: anna })
    const { page } = device
    await device.goto('/settings/profile')
    await seen(textbox(page, 'Name'))
    await page.keyboard.press('Control+KeyK')
    await focusIsOn(page, 'Search')
  })
})

/** The name that assistive technology reads of what has the focus. */
async function focusedName(page: Page): Promise<string> {
  return page.evaluate(() => {
    const at = document.activeElement
    const labels = at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement ? at.labels : null
    return (at?.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? at?.textContent ?? '').trim()
  })
}

async function focusIsOn(page: Page, name: string): Promise<void> {
  await expect.poll(() => focusedName(page)).toBe(name)
}

/** Presses Tab until the focus is where it should be; a person would not do it for ever either. */
async function tabTo(page: Page, isThere: (name: string) => boolean): Promise<void> {
  await expect
    .poll(async () => {
      if (isThere(await focusedName(page))) return true
      await page.keyboard.press('Tab')
      return isThere(await focusedName(page))
    })
    .toBe(true)
}
