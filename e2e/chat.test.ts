import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { anotherSession, newAccount, newDirect, newGroup, newOwner, say } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import {
  chatInList,
  chatWithoutUnread,
  chatWithUnread,
  composer,
  isTicked,
  message,
  openChat,
  write,
} from './screens/chats.ts'
import { fill, press, seen, textbox } from './screens/controls.ts'

const house = await Installation.start()
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
const clara = await newAccount(house, anna, { name: 'Clara Rossi' })
afterAll(() => house.stop())

describe('a direct chat', () => {
  it('begins with a person and a message, whose tick goes from sent to delivered to read', async () => {
    const hers = await openDevice(house, { account: anna })
    await hers.goto('/')
    await press(hers.page, 'New chat')
    const box = hers.page.getByRole('dialog', { name: 'New chat' })
    await box.getByRole('searchbox', { name: 'Find people' }).fill('Bor')
    await box.getByText('Boris Petrov').click()
    await write(hers.page, 'Good morning, Boris!')
    await isTicked(hers.page, 'Good morning, Boris!', 'Sent')

    const his = await openDevice(house, { account: boris })
    await his.goto('/')
    await seen(chatWithUnread(his.page, 'Anna Lindqvist', 1))
    await isTicked(hers.page, 'Good morning, Boris!', 'Delivered')

    await openChat(his.page, 'Anna Lindqvist')
    await seen(message(his.page, 'Good morning, Boris!'))
    await isTicked(hers.page, 'Good morning, Boris!', 'Read')
    await write(his.page, 'And to you!')
    await seen(message(hers.page, 'And to you!'))
  })

  it('shows who is there, who types, and who has gone', async () => {
    const chatId = await newDirect(anna, clara)
    await say(anna, chatId, 'Are you there?')
    const hers = await openDevice(house, { account: anna })
    await hers.goto(`/chats/${chatId}`)
    const header = hers.page.getByRole('banner').or(hers.page.getByRole('main').locator('header'))
    await seen(header.filter({ hasText: 'Clara Rossi' }))

    const theirs = await openDevice(house, { account: clara })
    await theirs.goto(`/chats/${chatId}`)
    await seen(header.getByText('online', { exact: true }))
    await composer(theirs.page).pressSequentially('I am thinking', { delay: 20 })
    await seen(header.getByText('typing…'))
    await theirs.context.close()
    await seen(header.getByText(/last seen/))
  })
})

describe('a group', () => {
  it('is made of people and a name, and each of them has every message at once', async () => {
    const his = await openDevice(house, { account: boris })
    const theirs = await openDevice(house, { account: clara })
    await his.goto('/')
    await theirs.goto('/')
    const hers = await openDevice(house, { account: anna })
    await hers.goto('/')
    await press(hers.page, 'New chat')
    const box = hers.page.getByRole('dialog')
    await press(box, 'Create group')
    await fill(box, { 'Group name': 'Harbour house' })
    await box.getByText('Boris Petrov').click()
    await box.getByText('Clara Rossi').click()
    await press(box, 'Create')
    await write(hers.page, 'Welcome, both of you')

    await openChat(his.page, 'Harbour house')
    await openChat(theirs.page, 'Harbour house')
    for (const { page } of [his, theirs]) await seen(message(page, 'Welcome, both of you'))
    await write(his.page, 'Glad to be here')
    await write(theirs.page, 'So am I')
    for (const { page } of [hers, his, theirs])
      for (const text of ['Glad to be here', 'So am I']) {
        await seen(message(page, text))
        expect(await message(page, text).count()).toBe(1)
      }
    await isTicked(hers.page, 'Welcome, both of you', 'Read')
  })

  it('keeps line breaks, and makes links of addresses that open elsewhere and tell nothing', async () => {
    const chatId = await newGroup(anna, 'Links', [boris])
    await say(boris, chatId, 'first line\nsecond line at https://example.org/path?q=1.')
    const hers = await openDevice(house, { account: anna })
    await hers.goto(`/chats/${chatId}`)
    const anchor = message(hers.page, 'first line').getByRole('link')
    await seen(anchor)
    expect(await message(hers.page, 'first line').innerText()).toMatch(/first line\nsecond line/)
    expect(await anchor.getAttribute('href')).toBe('https://example.org/path?q=1')
    expect(await anchor.getAttribute('target')).toBe('_blank')
    expect(await anchor.getAttribute('rel')).toMatch(/noreferrer/)
  })
})

describe('what is unread', () => {
  it('is one number in the list, in the title of the tab, on the icon and on a second device, and is gone from all when read', async () => {
    const chatId = await newGroup(anna, 'Numbers', [boris, clara])
    const one = await openDevice(house, { account: boris })
    const other = await openDevice(house, { account: await anotherSession(house, boris) })
    for (const device of [one, other]) {
      await device.context.addInitScript(watchBadge)
      await device.goto('/')
      await seen(chatInList(device.page, 'Numbers'))
    }
    const before = await titleNumber(one.page)
    await say(anna, chatId, 'one', 'two')
    await say(clara, chatId, 'three')
    for (const { page } of [one, other]) {
      await seen(chatWithUnread(page, 'Numbers', 3))
      await expect.poll(() => titleNumber(page)).toBe(before + 3)
      await expect.poll(() => badgeNumber(page)).toBe(before + 3)
    }
    await openChat(one.page, 'Numbers')
    await seen(message(one.page, 'three'))
    for (const { page } of [one, other]) {
      await seen(chatWithoutUnread(page, 'Numbers'))
      await expect.poll(() => titleNumber(page)).toBe(before)
      await expect.poll(() => badgeNumber(page)).toBe(before)
    }
  })

  it('can be marked by hand, on every device', async () => {
    await newGroup(anna, 'By hand', [boris])
    const one = await openDevice(house, { account: boris })
    const other = await openDevice(house, { account: await anotherSession(house, boris) })
    await one.goto('/')
    await other.goto('/')
    await chatInList(one.page, 'By hand').getByRole('link').click({ button: 'right' })
    await one.page.getByRole('menuitem', { name: 'Mark unread' }).click()
    await seen(other.page.getByRole('link', { name: 'By hand, marked unread' }))
  })
})

describe('a long message', () => {
  it('shows how much is left near the end, and is not sent beyond it', async () => {
    const chatId = await newGroup(anna, 'Letters', [boris])
    const his = await openDevice(house, { account: boris })
    await his.goto(`/chats/${chatId}`)
    await composer(his.page).fill('я'.repeat(4000))
    await seen(his.page.getByText('96', { exact: true }))
    await composer(his.page).fill('я'.repeat(4100))
    await seen(his.page.getByText(/too many/))
    await composer(his.page).press('Enter')
    expect(await textbox(his.page, 'Message').inputValue()).toHaveLength(4100)
    await composer(his.page).fill('я'.repeat(4096))
    await composer(his.page).press('Enter')
    await isTicked(his.page, 'яяяя', 'Sent')
  })
})

/** A headless browser has no icon: what the app would write on it is kept where a test can see it. */
function watchBadge(): void {
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
