import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { browserOfRun } from './browser/browser-of-run.ts'
import { openDevice } from './browser/Device.ts'
import { newGroup, PASSWORD, send } from './installation/accounts.ts'
import { installation, newPerson, owner } from './installation/shared.ts'
import { chatInList, composer, log, waitForTick, message } from './screens/chats.ts'
import { button, waitUntilHidden, link, waitUntilVisible } from './screens/controls.ts'
import { waitUntilSignedIn } from './screens/sign-in.ts'

test('a person signs in, opens a chat and writes with the keyboard alone, arrows move in the list of chats, and the menu of a right click stays until it is left', async () => {
  const [anna, boris] = [await newPerson('Anna Keys'), await newPerson('Boris Keys')]
  const chatId = await newGroup(anna, 'By keys', [boris])
  await newGroup(anna, 'Second', [boris])
  await send(boris, chatId, 'press on')
  const device = await openDevice(installation)
  const { page } = device
  await device.goto('/signin')
  await focusIsOn(page, 'Email')
  await page.keyboard.type(anna.email)
  await page.keyboard.press('Tab')
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await waitUntilSignedIn(device)

  await waitUntilVisible(chatInList(page, 'Second'))
  await tabTo(page, (focused) => focused.startsWith('By keys'))
  await page.keyboard.press('Enter')
  await waitUntilVisible(message(page, 'press on'))
  await tabTo(page, (focused) => focused === 'Message')
  await page.keyboard.type('one line')
  await page.keyboard.press('Shift+Enter')
  await page.keyboard.type('and another')
  await page.keyboard.press('Enter')
  await waitForTick(page, 'one line', 'Sent')
  expect(await message(page, 'one line').innerText()).toMatch(/one line\nand another/)
  expect(await composer(page).inputValue()).toBe('')

  await chatInList(page, 'By keys').getByRole('link').focus()
  const first = await focusedName(page)
  await page.keyboard.press('ArrowDown')
  expect(await focusedName(page)).not.toBe(first)
  await page.keyboard.press('ArrowUp')
  expect(await focusedName(page)).toBe(first)
  await page.keyboard.press('Tab')
  const isInList = () => document.activeElement?.closest('ul[aria-label="Chats"]') !== null
  await expect.poll(() => page.evaluate(isInList)).toBe(false)

  // The driver of WebKitGTK never releases the right button: it releases the left one, which clicks.
  if (browserOfRun() === 'webkit') return
  await chatInList(page, 'Second').hover()
  await page.mouse.down({ button: 'right' })
  await waitUntilVisible(page.getByRole('menu'))
  await page.mouse.up({ button: 'right' })
  // The menu still takes keys, and goes with a press beside it.
  await page.keyboard.press('ArrowDown')
  expect(await page.evaluate(() => document.activeElement?.closest('[role=menu]') !== null)).toBe(true)
  await log(page).click()
  await waitUntilHidden(page.getByRole('menu'))
})

test('menus and dialogs hold the focus and give it back with Esc, the first stop skips to the content, and "?" shows the keys unless single keys are off', async () => {
  await newPerson('Aaron Keys')
  const device = await openDevice(installation, { account: owner })
  const { page } = device
  await device.goto('/admin/people')
  await button(page, 'Options for Aaron Keys').focus()
  await page.keyboard.press('ArrowDown')
  await waitUntilVisible(page.getByRole('menu'))
  const entry = await focusedName(page)
  await page.keyboard.press('End')
  expect(await focusedName(page)).not.toBe(entry)
  await page.keyboard.press('Escape')
  await waitUntilHidden(page.getByRole('menu'))
  expect(await focusedName(page)).toBe('Options for Aaron Keys')
  await page.keyboard.press('Control+KeyK')
  await focusIsOn(page, 'Search')

  await device.goto('/people')
  await waitUntilSignedIn(device)
  await page.keyboard.press('Tab')
  await waitUntilVisible(link(page, 'Skip to content'))
  await page.keyboard.press('Enter')
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('content')

  await device.goto('/')
  await button(page, 'New chat').focus()
  await page.keyboard.press('Enter')
  await waitUntilVisible(page.getByRole('dialog'))
  const isInside = () => !!document.activeElement?.closest('dialog')
  const isOutsidePage = () => document.activeElement === document.body
  for (let step = 0; step < 12; step++) {
    await page.keyboard.press('Tab')
    expect((await page.evaluate(isInside)) || (await page.evaluate(isOutsidePage))).toBe(true)
  }
  // In WebKitGTK the focus goes through the bars of the window too. Esc closes the dialog from its search field as well.
  await expect.poll(async () => (await page.evaluate(isInside)) || page.keyboard.press('Tab')).toBe(true)
  await page.getByRole('searchbox', { name: 'Find people' }).focus()
  await page.keyboard.press('Escape')
  await waitUntilHidden(page.getByRole('dialog'))
  await focusIsOn(page, 'New chat')

  await device.goto('/settings/keyboard')
  await waitUntilSignedIn(device)
  const keys = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await page.keyboard.press('Shift+Slash')
  await waitUntilVisible(keys)
  await page.keyboard.press('Escape')
  await waitUntilHidden(keys)
  // The same key on a Russian layout.
  await page.evaluate(() =>
    dispatchEvent(new KeyboardEvent('keydown', { key: ',', code: 'Slash', shiftKey: true, bubbles: true })),
  )
  await waitUntilVisible(keys)
  await page.keyboard.press('Escape')
  await waitUntilHidden(keys)
  // The bridge before WebKitGTK tells of no answers.
  const kept =
    browserOfRun() !== 'webkit' && page.waitForResponse((answer) => answer.url().includes('users.updateSettings'))
  await page.getByRole('switch', { name: 'Single-key shortcuts' }).click()
  await kept
  await waitUntilVisible(page.getByText('Single-key shortcuts are switched off'))
  await page.keyboard.press('Shift+Slash')
  await page.keyboard.press('Shift+Slash')
  expect(await page.getByRole('dialog').count()).toBe(0)
})

test('screen readers hear the title of the page that was opened', async () => {
  const anna = await newPerson('Anna Hearing')
  await newGroup(anna, 'Heard', [])
  const device = await openDevice(installation, { account: anna })
  const { page } = device
  await device.goto('/')
  await page.waitForSelector('#svelte-announcer', { state: 'attached' })
  const heard = () => page.locator('#svelte-announcer').innerText()
  await chatInList(page, 'Heard').getByRole('link').click()
  await expect.poll(heard).toBe('Heard · Veche')
  await button(page, 'Video call').click()
  await waitUntilVisible(button(page, 'Join now'))
  await focusIsOn(page, 'Join now')
  await expect.poll(heard).toBe(await page.title())
  await page.goBack()
  await link(page, 'People').click()
  await expect.poll(heard).toBe('People · Veche')
})

/** The accessible name of the focused element. */
async function focusedName(page: Page): Promise<string> {
  return page.evaluate(() => {
    const focused = document.activeElement
    const labels = focused instanceof HTMLInputElement || focused instanceof HTMLTextAreaElement ? focused.labels : null
    return (focused?.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? focused?.textContent ?? '').trim()
  })
}

async function focusIsOn(page: Page, name: string): Promise<void> {
  await expect.poll(() => focusedName(page)).toBe(name)
}

/** Presses Tab until the focus is where it should be. */
async function tabTo(page: Page, isThere: (name: string) => boolean): Promise<void> {
  await expect
    .poll(async () => {
      if (isThere(await focusedName(page))) return true
      await page.keyboard.press('Tab')
      return isThere(await focusedName(page))
    })
    .toBe(true)
}
