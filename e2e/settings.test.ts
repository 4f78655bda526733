import { expect, test } from 'vitest'
import { browserOfRun } from './browser/browser-of-run.ts'
import { openDevice } from './browser/Device.ts'
import { networkTrouble, refused } from './browser/PageLog.ts'
import { newSession, PASSWORD } from './installation/accounts.ts'
import { installation, newPerson, owner } from './installation/shared.ts'
import { waitForConnection } from './screens/chats.ts'
import { button, fill, clickButton, waitUntilVisible, textbox } from './screens/controls.ts'
import { waitUntilSignedIn, signIn } from './screens/sign-in.ts'

declare global {
  var endOutage: () => void
}

test('a new name, a handle, the appearance and a new password of a person reach their other device at once', async () => {
  const anna = await newPerson('Anna Setting')
  const other = await openDevice(installation, { account: await newSession(installation, anna) })
  other.pageLog.expect(refused(401))
  await other.goto('/people')
  await waitUntilVisible(other.page.getByText('Anna Setting', { exact: true }))
  const device = await openDevice(installation, { account: anna })
  device.pageLog.expect(refused(409), refused(401))
  const { page } = device

  await device.goto('/settings/profile')
  await fill(page, { Name: 'Anna Settled' })
  await clickButton(page, 'Save')
  await waitUntilVisible(page.getByText('Saved'))
  await waitUntilVisible(other.page.getByText('Anna Settled', { exact: true }))
  await fill(page, { Handle: 'olga_orlova' })
  await clickButton(page, 'Save')
  await waitUntilVisible(page.getByRole('alert').getByText('Somebody has this handle already'))
  await fill(page, { Handle: 'anna_s' })
  await clickButton(page, 'Save')
  await waitUntilVisible(page.getByText('Saved'))
  await waitUntilVisible(page.getByRole('main').getByText('@anna_s').locator('visible=true'))

  await device.goto('/settings/appearance')
  await page.getByRole('combobox', { name: 'Theme' }).selectOption('Dark')
  await page.getByRole('switch', { name: 'High contrast' }).click()
  for (const one of [page, other.page]) {
    await one.waitForFunction(() => document.documentElement.dataset['theme'] === 'dark')
    await one.waitForFunction(() => document.documentElement.dataset['contrast'] === 'more')
  }
  await page.reload({ waitUntil: 'commit' })
  await page.waitForSelector('body', { state: 'attached' })
  const firstPaint = await page.evaluate(() => ({ ...document.documentElement.dataset }))
  expect(firstPaint).toMatchObject({ theme: 'dark', contrast: 'more' })
  // The bridges to the other browsers cannot force colours.
  if (browserOfRun() === 'chromium') {
    await page.emulateMedia({ forcedColors: 'active' })
    const trackEdge = (node: Element) => getComputedStyle(node, '::before').borderTopWidth
    expect(await page.getByRole('switch', { name: 'High contrast' }).evaluate(trackEdge)).toBe('1px')
    await page.emulateMedia({ forcedColors: null })
  }

  await device.goto('/settings/password')
  await fill(page, { 'Current password': 'a guess', 'New password': 'another pot 8' })
  await clickButton(page, 'Change password')
  await waitUntilVisible(page.getByText('This is not your current password.'))
  await fill(page, { 'Current password': PASSWORD, 'New password': 'another pot 8' })
  await clickButton(page, 'Change password')
  await waitUntilVisible(page.getByText('The password is changed'))
  await waitUntilVisible(button(other.page, 'Sign in'))
  await page.reload()
  await waitUntilSignedIn(device)
})

test('sessions are ended from another device, one or all others after a question, and their browsers keep nothing', async () => {
  const emma = await newPerson('Emma')
  const other = await openDevice(installation, { account: await newSession(installation, emma) })
  other.pageLog.expect(refused(401))
  await other.goto('/people')
  await waitUntilSignedIn(other)
  await newSession(installation, emma)
  const device = await openDevice(installation, { account: emma })
  const { page } = device
  await device.goto('/settings/sessions')
  const each = page.getByRole('button', { name: /^Sign out (?!other)/ })
  await expect.poll(() => each.count()).toBe(2)
  await each.first().click()
  await expect.poll(() => each.count()).toBe(1)
  await clickButton(page, 'Sign out other devices')
  await clickButton(page.getByRole('alertdialog'), 'Sign out other devices')
  await waitUntilVisible(button(other.page, 'Sign in'))
  expect(await other.page.evaluate(() => indexedDB.databases())).toEqual([])
  await waitUntilVisible(page.getByText('Only this device is signed in.'))
  await page.reload()
  await waitUntilSignedIn(device)
})

// The bridge before WebKitGTK cannot hold requests back.
test.skipIf(browserOfRun() === 'webkit')(
  'the list of devices does not look empty before it is there, and can be fetched again when the server is back',
  async () => {
    const device = await openDevice(installation, { account: await newPerson('Emma Waiting') })
    device.pageLog.expect(networkTrouble, /ERR_FAILED/)
    const { page } = device
    let isAway = true
    await page.routeWebSocket(/./, (socket) => void (isAway ? socket.close() : socket.connectToServer()))
    await page.route('**/sync.*', (route) => (isAway ? route.abort() : route.continue()))
    await device.goto('/settings/sessions')
    await waitUntilVisible(page.getByText('The devices could not be fetched'))
    expect(await page.getByText('Only this device is signed in.').count()).toBe(0)
    // The server is back with the click, so that no attempt of the app itself comes before it.
    await page.exposeFunction('endOutage', () => void (isAway = false))
    await button(page, 'Try again').evaluate((each) => each.addEventListener('click', () => globalThis.endOutage()))
    await clickButton(page, 'Try again')
    await waitUntilVisible(page.getByText('Only this device is signed in.'))
    // The routes of its sockets cannot be taken back, so no other test gets this page.
    await page.close()
  },
)

test('signing out reaches the other tabs of the browser, another person may sign in, and a database that hangs is asked about', async () => {
  const grace = await newPerson('Grace')
  const device = await openDevice(installation, { account: grace })
  device.pageLog.expect(refused(401))
  await device.goto('/people')
  await waitUntilSignedIn(device)
  const first = device.page
  await device.openTab('/settings')
  await clickButton(device.page, 'Sign out')
  await waitUntilVisible(button(device.page, 'Sign in'))
  await waitUntilVisible(button(first, 'Sign in'))
  await first.close()
  await signIn(device, owner.email, PASSWORD)
  await waitUntilSignedIn(device)
  await device.goto('/settings/profile')
  expect(await textbox(device.page, 'Name').inputValue()).toBe('Olga Orlova')

  await waitForConnection(device.page, 'Online')
  // The database answers, but the app does not hear it.
  await device.page.evaluate(
    () => void Object.defineProperty(IDBRequest.prototype, 'onsuccess', { set: () => undefined }),
  )
  await device.page.getByRole('link', { name: 'Settings', exact: true }).click()
  await clickButton(device.page, 'Sign out')
  const question = device.page.getByRole('alertdialog')
  await waitUntilVisible(question.getByText('cannot be told now'))
  await clickButton(question, 'Sign out')
  await waitUntilVisible(button(device.page, 'Sign in'))
})
