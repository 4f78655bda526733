import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { newGroup, newSession, send } from './installation/accounts.ts'
import { installation, newPerson } from './installation/shared.ts'
import {
  chatInList,
  chatWithoutUnread,
  chatWithUnread,
  composer,
  waitForTick,
  message,
  openChat,
  pickPerson,
  write,
} from './screens/chats.ts'
import { fill, clickButton, waitUntilVisible, textbox } from './screens/controls.ts'

test('a direct chat begins with a message, whose tick goes from sent to delivered to read, and shows who is there and who types', async () => {
  const [anna, boris] = [await newPerson('Anna Dovzhenko'), await newPerson('Boris Dovzhenko')]
  const herDevice = await openDevice(installation, { account: anna })
  await herDevice.goto('/')
  await clickButton(herDevice.page, 'New chat')
  const box = herDevice.page.getByRole('dialog', { name: 'New chat' })
  await pickPerson(box, 'Boris Dovzhenko')
  await write(herDevice.page, 'Good morning, Boris!')
  await waitForTick(herDevice.page, 'Good morning, Boris!', 'Sent')

  const hisDevice = await openDevice(installation, { account: boris })
  await hisDevice.goto('/')
  await waitUntilVisible(chatWithUnread(hisDevice.page, 'Anna Dovzhenko', 1))
  await waitForTick(herDevice.page, 'Good morning, Boris!', 'Delivered')
  await openChat(hisDevice.page, 'Anna Dovzhenko')
  await waitUntilVisible(message(hisDevice.page, 'Good morning, Boris!'))
  await waitForTick(herDevice.page, 'Good morning, Boris!', 'Read')

  const header = herDevice.page.getByRole('banner').or(herDevice.page.getByRole('main').locator('header'))
  await waitUntilVisible(header.getByText('online', { exact: true }))
  await composer(hisDevice.page).pressSequentially('And to you', { delay: 20 })
  await waitUntilVisible(header.getByText('typing…'))
  await composer(hisDevice.page).press('Enter')
  await waitUntilVisible(message(herDevice.page, 'And to you'))
  await hisDevice.page.close()
  await waitUntilVisible(header.getByText(/last seen/))
})

test('a group is made of people and a name, and its messages keep line breaks, link to the web and end at 4,096 characters', async () => {
  const [anna, boris] = [await newPerson('Anna Gruber'), await newPerson('Boris Gruber')]
  await newPerson('Clara Gruber')
  const hisDevice = await openDevice(installation, { account: boris })
  await hisDevice.goto('/')
  const herDevice = await openDevice(installation, { account: anna })
  await herDevice.goto('/')
  await clickButton(herDevice.page, 'New chat')
  const box = herDevice.page.getByRole('dialog')
  await clickButton(box, 'Create group')
  await fill(box, { 'Group name': 'Harbour house' })
  for (const name of ['Boris Gruber', 'Clara Gruber']) await pickPerson(box, name)
  await clickButton(box, 'Create')
  await write(herDevice.page, 'first line\nsecond line at https://example.org/path?q=1.')
  await openChat(hisDevice.page, 'Harbour house')
  const text = message(hisDevice.page, 'first line')
  await waitUntilVisible(text)
  await waitForTick(herDevice.page, 'first line', 'Read')
  expect(await text.innerText()).toMatch(/first line\nsecond line/)
  const anchor = text.getByRole('link')
  expect(await anchor.getAttribute('href')).toBe('https://example.org/path?q=1')
  expect(await anchor.getAttribute('target')).toBe('_blank')
  expect(await anchor.getAttribute('rel')).toMatch(/noreferrer/)

  await composer(hisDevice.page).fill('я'.repeat(4000))
  await waitUntilVisible(hisDevice.page.getByText('96', { exact: true }))
  await composer(hisDevice.page).fill('я'.repeat(4100))
  await waitUntilVisible(hisDevice.page.getByText(/too many/))
  await composer(hisDevice.page).press('Enter')
  expect(await textbox(hisDevice.page, 'Message').inputValue()).toHaveLength(4100)
  await composer(hisDevice.page).fill('я'.repeat(4096))
  await composer(hisDevice.page).press('Enter')
  await waitUntilVisible(message(herDevice.page, 'яяяя'))
  for (const { page } of [herDevice, hisDevice]) expect(await message(page, 'яяяя').count()).toBe(1)
})

test('the unread number is the same in the list, the title, the icon and on a second device, and goes from all when the chat is read', async () => {
  const [anna, boris] = [await newPerson('Anna Cantor'), await newPerson('Boris Cantor')]
  const chatId = await newGroup(anna, 'Numbers', [boris])
  const one = await openDevice(installation, { account: boris })
  const other = await openDevice(installation, { account: await newSession(installation, boris) })
  for (const device of [one, other]) {
    await device.addInitScript(recordBadge)
    await device.goto('/')
    await waitUntilVisible(chatInList(device.page, 'Numbers'))
  }
  await send(anna, chatId, 'one', 'two', 'three')
  for (const { page } of [one, other]) {
    await waitUntilVisible(chatWithUnread(page, 'Numbers', 3))
    await expect.poll(() => titleNumber(page)).toBe(3)
    await expect.poll(() => badgeNumber(page)).toBe(3)
  }
  await openChat(one.page, 'Numbers')
  await waitUntilVisible(message(one.page, 'three'))
  for (const { page } of [one, other]) {
    await waitUntilVisible(chatWithoutUnread(page, 'Numbers'))
    await expect.poll(() => titleNumber(page)).toBe(0)
    await expect.poll(() => badgeNumber(page)).toBe(0)
  }
  await chatInList(other.page, 'Numbers').getByRole('link').click({ button: 'right' })
  await other.page.getByRole('menuitem', { name: 'Mark unread' }).click()
  await waitUntilVisible(other.page.getByRole('link', { name: 'Numbers, marked unread' }))
  await waitUntilVisible(one.page.getByRole('link', { name: 'Numbers, marked unread' }))
})

/** A headless browser has no icon: what the app writes on it is kept where a test can read it. */
function recordBadge(): void {
  const keep = (n = 0) => {
    document.documentElement.dataset['badge'] = String(n)
    return Promise.resolve()
  }
  Object.assign(navigator, { setAppBadge: keep, clearAppBadge: () => keep(0) })
}

async function badgeNumber(page: Page): Promise<number> {
  return Number(await page.evaluate(() => document.documentElement.dataset['badge']))
}

async function titleNumber(page: Page): Promise<number> {
  return Number(/\((\d+)\)/.exec(await page.title())?.[1] ?? 0)
}
