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
  const hers = await openDevice(installation, { account: anna })
  await hers.goto('/')
  await clickButton(hers.page, 'New chat')
  const box = hers.page.getByRole('dialog', { name: 'New chat' })
  await pickPerson(box, 'Boris Dovzhenko')
  await write(hers.page, 'Good morning, Boris!')
  await waitForTick(hers.page, 'Good morning, Boris!', 'Sent')

  const his = await openDevice(installation, { account: boris })
  await his.goto('/')
  await waitUntilVisible(chatWithUnread(his.page, 'Anna Dovzhenko', 1))
  await waitForTick(hers.page, 'Good morning, Boris!', 'Delivered')
  await openChat(his.page, 'Anna Dovzhenko')
  await waitUntilVisible(message(his.page, 'Good morning, Boris!'))
  await waitForTick(hers.page, 'Good morning, Boris!', 'Read')

  const header = hers.page.getByRole('banner').or(hers.page.getByRole('main').locator('header'))
  await waitUntilVisible(header.getByText('online', { exact: true }))
  await composer(his.page).pressSequentially('And to you', { delay: 20 })
  await waitUntilVisible(header.getByText('typing…'))
  await composer(his.page).press('Enter')
  await waitUntilVisible(message(hers.page, 'And to you'))
  await his.page.close()
  await waitUntilVisible(header.getByText(/last seen/))
})

test('a group is made of people and a name, and its messages keep line breaks, link to the web and end at 4,096 characters', async () => {
  const [anna, boris] = [await newPerson('Anna Gruber'), await newPerson('Boris Gruber')]
  await newPerson('Clara Gruber')
  const his = await openDevice(installation, { account: boris })
  await his.goto('/')
  const hers = await openDevice(installation, { account: anna })
  await hers.goto('/')
  await clickButton(hers.page, 'New chat')
  const box = hers.page.getByRole('dialog')
  await clickButton(box, 'Create group')
  await fill(box, { 'Group name': 'Harbour house' })
  for (const name of ['Boris Gruber', 'Clara Gruber']) await pickPerson(box, name)
  await clickButton(box, 'Create')
  await write(hers.page, 'first line\nsecond line at https://example.org/path?q=1.')
  await openChat(his.page, 'Harbour house')
  const text = message(his.page, 'first line')
  await waitUntilVisible(text)
  await waitForTick(hers.page, 'first line', 'Read')
  expect(await text.innerText()).toMatch(/first line\nsecond line/)
  const anchor = text.getByRole('link')
  expect(await anchor.getAttribute('href')).toBe('https://example.org/path?q=1')
  expect(await anchor.getAttribute('target')).toBe('_blank')
  expect(await anchor.getAttribute('rel')).toMatch(/noreferrer/)

  await composer(his.page).fill('я'.repeat(4000))
  await waitUntilVisible(his.page.getByText('96', { exact: true }))
  await composer(his.page).fill('я'.repeat(4100))
  await waitUntilVisible(his.page.getByText(/too many/))
  await composer(his.page).press('Enter')
  expect(await textbox(his.page, 'Message').inputValue()).toHaveLength(4100)
  await composer(his.page).fill('я'.repeat(4096))
  await composer(his.page).press('Enter')
  await waitUntilVisible(message(hers.page, 'яяяя'))
  for (const { page } of [hers, his]) expect(await message(page, 'яяяя').count()).toBe(1)
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
