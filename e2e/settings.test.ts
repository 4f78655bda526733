import { afterAll, describe, expect, it } from 'vitest'
import { type Device, openDevice } from './browser/Device.ts'
import { refused } from './browser/Witness.ts'
import { anotherSession, newAccount, newOwner, PASSWORD } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { connectionIs } from './screens/chats.ts'
import { button, fill, press, seen, textbox } from './screens/controls.ts'
import { isSignedIn, signIn } from './screens/doors.ts'

const house = await Installation.start()
const olga = await newOwner(house, { name: 'Olga Orlova' })
afterAll(() => house.stop())

describe('the profile', () => {
  it('shows a new name to whoever looks at the people at that moment, and takes no handle that somebody has', async () => {
    const anna = await newAccount(house, olga, { name: 'Anna' })
    const watcher = await openDevice(house, { account: olga })
    await watcher.goto('/people')
    await seen(watcher.page.getByText('Anna', { exact: true }))

    const device = await openDevice(house, { account: anna })
    await device.goto('/settings/profile')
    await fill(device.page, { Name: 'Anna Lindqvist' })
    await press(device.page, 'Save')
    await seen(device.page.getByText('Saved'))
    await seen(watcher.page.getByText('Anna Lindqvist', { exact: true }))

    device.witness.expect(refused(409))
    await fill(device.page, { Handle: 'olga_orlova' })
    await press(device.page, 'Save')
    await seen(device.page.getByRole('alert').getByText('Somebody has this handle already'))
    await fill(device.page, { Handle: 'anna_l' })
    await press(device.page, 'Save')
    await seen(device.page.getByText('Saved'))
    await seen(device.page.getByRole('main').getByText('@anna_l').locator('visible=true'))
  })
})

describe('the appearance', () => {
  it('is chosen once and worn by every device, also on its first paint after a reload', async () => {
    const clara = await newAccount(house, olga, { name: 'Clara' })
    const one = await openDevice(house, { account: clara })
    const other = await openDevice(house, { account: await anotherSession(house, clara) })
    await other.goto('/people')
    await one.goto('/settings/appearance')
    await one.page.getByRole('combobox', { name: 'Theme' }).selectOption('Dark')
    await one.page.getByRole('switch', { name: 'High contrast' }).click()
    for (const { page } of [one, other]) {
      await page.waitForFunction(() => document.documentElement.dataset['theme'] === 'dark')
      await page.waitForFunction(() => document.documentElement.dataset['contrast'] === 'more')
    }
    await one.page.reload({ waitUntil: 'commit' })
    await one.page.waitForSelector('body', { state: 'attached' })
    expect(await one.page.evaluate(() => ({ ...document.documentElement.dataset }))).toMatchObject({
      theme: 'dark',
      contrast: 'more',
    })
  })
})

describe('a password', () => {
  it('is changed by whoever knows the current one; the other sessions end, this one stays', async () => {
    const daria = await newAccount(house, olga, { name: 'Daria' })
    const other = await openDevice(house, { account: await anotherSession(house, daria) })
    other.witness.expect(refused(401))
    await other.goto('/settings')
    await isSignedIn(other)
    const device = await openDevice(house, { account: daria })
    device.witness.expect(refused(401))
    await device.goto('/settings/password')
    await fill(device.page, { 'Current password': 'a guess', 'New password': 'another pot 8' })
    await press(device.page, 'Change password')
    await seen(device.page.getByRole('alert'))
    await fill(device.page, { 'Current password': PASSWORD, 'New password': 'another pot 8' })
    await press(device.page, 'Change password')
    await seen(device.page.getByText('The password is changed'))
    await seen(button(other.page, 'Sign in'))
    await device.page.reload()
    await isSignedIn(device)
  })
})

describe('a session', () => {
  it('is ended from another device, one or all others after a question: each is at the door within seconds, and keeps nothing', async () => {
    const emma = await newAccount(house, olga, { name: 'Emma' })
    const others: Device[] = []
    for (let count = 0; count < 3; count++) {
      const other = await openDevice(house, { account: await anotherSession(house, emma) })
      other.witness.expect(refused(401))
      await other.goto('/people')
      await isSignedIn(other)
      others.push(other)
    }
    const device = await openDevice(house, { account: emma })
    await device.goto('/settings/sessions')
    const each = device.page.getByRole('button', { name: /^Sign out (?!other)/ })
    await expect.poll(() => each.count()).toBe(3)
    await each.first().click()
    await expect.poll(() => each.count()).toBe(2)
    const atTheDoor = () => Promise.all(others.map(({ page }) => button(page, 'Sign in').isVisible()))
    await expect.poll(async () => (await atTheDoor()).filter(Boolean).length).toBe(1)

    await press(device.page, 'Sign out other devices')
    await press(device.page.getByRole('alertdialog'), 'Sign out other devices')
    for (const { page } of others) {
      await seen(button(page, 'Sign in'))
      expect(await page.evaluate(() => indexedDB.databases())).toEqual([])
    }
    await seen(device.page.getByText('Only this device is signed in.'))
    await device.page.reload()
    await isSignedIn(device)
  })

  it('that one signs out of is gone from the other tabs of the same browser, and another person may sign in', async () => {
    const grace = await newAccount(house, olga, { name: 'Grace' })
    const device = await openDevice(house, { account: grace })
    device.witness.expect(refused(401))
    await device.goto('/people')
    await isSignedIn(device)
    const first = device.page
    await device.openTab('/settings')
    await press(device.page, 'Sign out')
    await seen(button(device.page, 'Sign in'))
    await seen(button(first, 'Sign in'))
    await signIn(device, olga.email, PASSWORD)
    await isSignedIn(device)
    await device.goto('/settings/profile')
    expect(await textbox(device.page, 'Name').inputValue()).toBe('Olga Orlova')
  })

  it('is ended although the database of the browser does not answer, after a question', async () => {
    const device = await openDevice(house, { account: await newAccount(house, olga, { name: 'Heidi' }) })
    device.witness.expect(refused(401))
    await device.goto('/settings')
    await connectionIs(device.page, 'Online')
    // Answers come, and nobody hears them.
    await device.page.evaluate(() => void (IDBRequest.prototype.addEventListener = () => undefined))
    await press(device.page, 'Sign out')
    const question = device.page.getByRole('alertdialog')
    await seen(question.getByText('cannot be told now'))
    await press(question, 'Sign out')
    await seen(button(device.page, 'Sign in'))
  })
})
