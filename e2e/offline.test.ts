import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { networkTrouble } from './browser/PageLog.ts'
import { type Account, newGroup, send } from './installation/accounts.ts'
import { installation, newPerson } from './installation/shared.ts'
import {
  chatInList,
  composer,
  waitForConnection,
  waitForTick,
  message,
  openChat,
  openDetails,
  write,
} from './screens/chats.ts'
import { button, link, clickButton, waitUntilVisible, textbox } from './screens/controls.ts'
import { waitUntilSignedIn } from './screens/sign-in.ts'

test('without a network the app opens at any address, keeps messages through the death of a tab, and sends each once and in order afterwards', async () => {
  const [anna, boris] = [await newPerson('Anna Tunnel'), await newPerson('Boris Tunnel')]
  const chatId = await newGroup(anna, 'Train', [boris])
  await send(boris, chatId, 'remember me')
  const device = await openDevice(installation, { account: anna, installed: true })
  device.pageLog.expect(networkTrouble)
  await device.goto(`/chats/${chatId}`)
  await waitUntilVisible(message(device.page, 'remember me'))
  await waitForConnection(device.page, 'Online')
  await device.page.evaluate(() => navigator.serviceWorker.ready)
  await device.page.waitForFunction(() => navigator.serviceWorker.controller !== null)

  await device.goOffline()
  await waitForConnection(device.page, 'Offline')
  const texts = ['first from the tunnel', 'second from the tunnel', 'third from the tunnel']
  for (const text of texts) {
    await write(device.page, text)
    await waitForTick(device.page, text, 'Sending')
  }
  await chatInList(device.page, 'Train').getByRole('link').click({ button: 'right' })
  await device.page.getByRole('menuitem', { name: 'Pin', exact: true }).click()
  await waitUntilVisible(pinOf(device.page))
  await device.killTab()
  await send(boris, chatId, 'written while you were away')

  await device.openTab('/settings/profile')
  await waitUntilSignedIn(device)
  expect(await textbox(device.page, 'Name').inputValue()).toBe('Anna Tunnel')
  await link(device.page, 'Settings').click()
  await clickButton(device.page, 'Sign out')
  await waitUntilVisible(device.page.getByRole('alertdialog').getByText('3 messages'))
  await clickButton(device.page.getByRole('alertdialog'), 'Cancel')
  await device.goto(`/chats/${chatId}`)
  await waitUntilVisible(message(device.page, 'third from the tunnel'))
  await waitUntilVisible(message(device.page, 'remember me'))
  await waitUntilVisible(pinOf(device.page))
  await waitForConnection(device.page, 'Offline')

  await device.goOnline()
  await waitUntilVisible(message(device.page, 'written while you were away'))
  for (const text of texts) {
    await waitForTick(device.page, text, 'Sent')
    expect(await message(device.page, text).count()).toBe(1)
  }
  expect((await storedTexts(boris, chatId)).filter((body) => body.includes('tunnel'))).toEqual(texts)
  const second = await openDevice(installation, { account: anna })
  await second.goto('/')
  await waitUntilVisible(pinOf(second.page))
})

const pinOf = (page: Page) => chatInList(page, 'Train').getByLabel('Pinned', { exact: true })

test('two tabs of one person do not send twice what was written in one of them, and show the same', async () => {
  const [anna, boris] = [await newPerson('Anna Twice'), await newPerson('Boris Twice')]
  const chatId = await newGroup(anna, 'Twice', [boris])
  const device = await openDevice(installation, { account: anna })
  device.pageLog.expect(networkTrouble)
  await device.goto(`/chats/${chatId}`)
  await waitForConnection(device.page, 'Online')
  const first = device.page
  const second = await device.openTab('/')
  await openChat(second, 'Twice')
  await waitUntilVisible(composer(first))
  await device.goOffline()
  await write(first, 'from the first tab')
  await waitUntilVisible(message(second, 'from the first tab'))
  await write(second, 'from the second tab')
  await device.goOnline()
  for (const page of [first, second])
    for (const text of ['from the first tab', 'from the second tab']) {
      await waitForTick(page, text, 'Sent')
      expect(await message(page, text).count()).toBe(1)
    }
  expect(await storedTexts(boris, chatId)).toEqual(['from the first tab', 'from the second tab'])
})

test('a part of the app that cannot be fetched without a network is an error, and no offer of a new version', async () => {
  const anna = await newPerson('Anna Piece')
  const chatId = await newGroup(anna, 'Pieces', [])
  const device = await openDevice(installation, { account: anna, emptyCache: true, width: 1440, height: 900 })
  device.pageLog.expect(networkTrouble, /preload CSS|dynamically imported module/)
  await device.addInitScript(() => {
    // The error page of Firefox has no storage.
    if (location.protocol.startsWith('http')) localStorage.setItem('veche.details', 'closed')
  })
  await device.goto(`/chats/${chatId}`)
  await waitForConnection(device.page, 'Online')
  await device.goOffline()
  // What has a place on the page says so there, and what has none, such as a dialog, in a toast.
  const place = (await openDetails(device.page)).getByRole('alert')
  await waitUntilVisible(place.getByText('This part of the app could not be loaded.'))
  await waitUntilVisible(button(place, 'Try again'))
  await clickButton(device.page, 'Details')
  await device.page.keyboard.press('Shift+Slash')
  await waitUntilVisible(device.page.getByText('This part of the app could not be loaded.'))
  await link(device.page, 'Settings').click()
  await waitUntilVisible(device.page.getByRole('heading', { name: 'Something went wrong' }))
  expect(await button(device.page, 'Update now').count()).toBe(0)
  await device.goOnline()
  await link(device.page, 'To the chats').click()
  await waitUntilSignedIn(device)
})

/** The texts as the server has them, in its order. */
async function storedTexts(who: Account, chatId: Parameters<typeof send>[1]): Promise<string[]> {
  const { messages } = await who.api.messages.history.query({ chatId, limit: 100 })
  return messages.flatMap(({ kind, body }) => (kind === 'text' && body ? [body] : []))
}
