import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { newGroup } from './installation/accounts.ts'
import { installation, newPerson } from './installation/shared.ts'
import { openChat, openDetails } from './screens/chats.ts'
import { button, clickButton, fill, waitUntilHidden, waitUntilVisible } from './screens/controls.ts'

test('in a browser without CloseWatcher Back closes a menu and then its dialog, and pages are left with one Back, after a reload too', async () => {
  const anna = await newPerson('Anna Back')
  const chatId = await newGroup(anna, 'Way back', [])
  const device = await openDevice(installation, { account: anna, width: 360, height: 740 })
  await device.addInitScript(() => void Reflect.deleteProperty(globalThis, 'CloseWatcher'))
  const { page } = device
  const [menu, dialog] = [page.getByRole('menu'), page.getByRole('dialog')]
  const path = () => new URL(page.url()).pathname
  await device.goto('/')
  await openChat(page, 'Way back')
  await openDetails(page)
  await clickButton(page, 'Options for Way back')
  await waitUntilVisible(menu)
  await waitForLayers(page, 2)
  await page.goBack()
  await waitUntilHidden(menu)
  await waitUntilVisible(dialog)
  await page.goBack()
  await waitUntilHidden(dialog)
  expect(path()).toBe(`/chats/${chatId}`)
  await page.goForward()
  await waitForLayers(page, 0)

  await openDetails(page)
  await waitForLayers(page, 1)
  await page.keyboard.press('Escape')
  await waitUntilHidden(dialog)
  await waitForLayers(page, 0)
  await page.goBack()
  await waitUntilVisible(button(page, 'New chat'))
  expect(path()).toBe('/')

  await clickButton(page, 'New chat')
  await clickButton(page, 'Create group')
  await fill(page, { 'Group name': 'Far away' })
  await waitForLayers(page, 1)
  await button(dialog, 'Create').click()
  await waitUntilVisible(button(page, 'Details'))
  await waitForLayers(page, 0)
  await openDetails(page)
  await waitForLayers(page, 1)
  await page.reload()
  await waitUntilVisible(button(page, 'Details'))
  await waitForLayers(page, 0)
  await page.goBack()
  await waitUntilVisible(button(page, 'New chat'))
  expect(path()).toBe('/')
})

/** Waits until the current entry of the history stands for `count` open layers. */
async function waitForLayers(page: Page, count: number): Promise<void> {
  await page.waitForFunction((wanted) => (history.state?.['veche:layers'] ?? 0) === wanted, count)
}
