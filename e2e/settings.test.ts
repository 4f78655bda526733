import { afterAll, describe, expect, it } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { refused } from './browser/Witness.ts'
import { anotherSession, newAccount, newOwner, PASSWORD } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { button, fill, press, seen, textbox } from './screens/controls.ts'
import { isSignedIn, signIn } from './screens/doors.ts'

const house = await Installation.start()
const olga = await newOwner(house, { name: 'Olga Orlova' })
afterAll(() => house.stop())

describe('the profile', () => {
  it('shows a new name to whoever looks at the people at that moment', async () => {
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
  })

  it('does not take a handle that somebody has, and says so', async () => {
    const boris = await newAccount(house, olga, { name: 'Boris' })
    const device = await openDevice(house, { account: boris })
    device.witness.expect(refused(409))
    await device.goto('/settings/profile')
    await fill(device.page, { Handle: 'olga_orlova' })
    await press(device.page, 'Save')
    await seen(device.page.getByRole('alert').getByText('Somebody has this handle already'))
    await fill(device.page, { Handle: 'boris_b' })
    await press(device.page, 'Save')
    await seen(device.page.getByText('Saved'))
    await seen(device.page.getByRole('main').getByText('@boris_b').locator('visible=true'))
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
  it('is ended from another device: that one is at the door within seconds, and keeps nothing', async () => {
    const emma = await newAccount(house, olga, { name: 'Emma' })
    const lost = await openDevice(house, { account: await anotherSession(house, emma) })
    lost.witness.expect(refused(401))
    await lost.goto('/people')
    await isSignedIn(lost)
    const device = await openDevice(house, { account: emma })
    await device.goto('/settings/sessions')
    await device.page
      .getByRole('button', { name: /^Sign out (?!other)/ })
      .first()
      .click()
    await seen(button(lost.page, 'Sign in'))
    expect(await lost.page.evaluate(() => indexedDB.databases())).toEqual([])
    await seen(device.page.getByText('Only this device is signed in.'))
  })

  it('of all other devices is ended at once after a question', async () => {
    const farid = await newAccount(house, olga, { name: 'Farid' })
    const others = [
      await openDevice(house, { account: await anotherSession(house, farid) }),
      await openDevice(house, { account: await anotherSession(house, farid) }),
    ]
    for (const other of others) {
      other.witness.expect(refused(401))
      await other.goto('/people')
      await isSignedIn(other)
    }
    const device = await openDevice(house, { account: farid })
    await device.goto('/settings/sessions')
    await press(device.page, 'Sign out other devices')
    await press(device.page.getByRole('alertdialog'), 'Sign out other devices')
    for (const other of others) await seen(button(other.page, 'Sign in'))
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
})
