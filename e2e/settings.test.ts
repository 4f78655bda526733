import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { browserOfRun } from './browser/browser-of-run.ts'
import { openDevice } from './browser/Device.ts'
import { networkTrouble, refused } from './browser/PageLog.ts'
import { newDirect, newGroup, newSession, PASSWORD, send } from './installation/accounts.ts'
import { installation, newPerson, owner } from './installation/shared.ts'
import { chatInList, choose, openDetails, waitForConnection } from './screens/chats.ts'
import { button, fill, clickButton, waitUntilHidden, waitUntilVisible, textbox } from './screens/controls.ts'
import { axeFindings, overflowing, smallTargets } from './screens/findings.ts'
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

test('a person cuts a picture on their phone, others see it in their lists at once, and a group has one too', async () => {
  const [anna, boris] = [await newPerson('Anna Picture'), await newPerson('Boris Picture')]
  const [direct, group] = [await newDirect(anna, boris), await newGroup(anna, 'Picture club', [boris])]
  // An empty direct chat is in no list.
  await send(anna, direct, 'hello')
  const hers = await openDevice(installation, { account: anna, width: 360, height: 740 })
  const his = await openDevice(installation, { account: boris })
  await his.goto(`/chats/${direct}`)
  await waitUntilVisible(his.page.getByRole('heading', { name: 'Anna Picture' }))
  expect(await picturesOf(his.page, 'header')).toEqual([])

  await hers.goto('/settings/profile')
  // A phone that is held upright writes its pictures lying, and says so.
  const left = { input: await plain(300, 400, '#d33').png().toBuffer(), left: 0, top: 0 }
  const lying = plain(600, 400, '#36c').composite([left]).withMetadata({ orientation: 6 }).jpeg()
  await pickPicture(hers.page, () => clickButton(hers.page, 'Change picture'), await lying.toBuffer())
  const dialog = hers.page.getByRole('dialog')
  const frame = dialog.getByRole('application', { name: 'Picture in the circle' })
  await waitUntilVisible(frame.locator('canvas'))
  const found = [
    ...(await axeFindings(hers.page)),
    ...(await overflowing(hers.page)),
    ...(await smallTargets(hers.page)),
  ]
  expect(found).toEqual([])
  const colours = () => frame.locator('canvas').evaluate(coloursOf)
  expect(await colours()).toEqual(['red', 'blue'])
  // By the keyboard to its upper end, of which nothing but red is seen then.
  await frame.focus()
  for (let press = 0; press < 12; press += 1) await hers.page.keyboard.press('+')
  for (let press = 0; press < 40; press += 1) await hers.page.keyboard.press('ArrowDown')
  expect(await colours()).toEqual(['red', 'red'])
  await clickButton(dialog, 'Use this picture')
  await waitUntilVisible(hers.page.getByText('The picture is changed.'))

  await his.page.waitForFunction(hasPicture, 'header')
  await his.page.waitForFunction(hasPicture, `a[href="/chats/${direct}"]`)
  const [address] = await picturesOf(his.page, 'header')
  expect(await his.page.evaluate(async (url) => (await fetch(url)).status, address!)).toBe(200)
  await clickButton(hers.page, 'Remove picture')
  await his.page.waitForFunction((scope) => !document.querySelector(`${scope} .avatar[style*="--picture"]`), 'header')
  await waitUntilHidden(button(hers.page, 'Remove picture'))

  await hers.goto(`/chats/${group}`)
  await openDetails(hers.page)
  const change = () => choose(hers.page, 'Picture club', 'Change picture')
  await pickPicture(hers.page, change, Buffer.from('no picture'))
  await waitUntilVisible(dialog.getByText('This browser cannot open the picture.'))
  await clickButton(dialog, 'Cancel')
  await pickPicture(hers.page, change, await plain(90, 90, '#2a6').png().toBuffer())
  await clickButton(dialog, 'Use this picture')
  await waitUntilVisible(chatInList(his.page, 'Picture club').getByText('Anna Picture changed the group picture'))
  await his.page.waitForFunction(hasPicture, `a[href="/chats/${group}"]`)
})

const plain = (width: number, height: number, background: string) =>
  sharp({ create: { width, height, channels: 3, background } })

async function pickPicture(page: Page, press: () => Promise<void>, buffer: Buffer): Promise<void> {
  const chooser = page.waitForEvent('filechooser')
  await press()
  await (await chooser).setFiles({ name: 'me.jpg', mimeType: 'image/jpeg', buffer })
}

/** In the page: whether an avatar there has a picture. */
const hasPicture = (scope: string) => document.querySelector(`${scope} .avatar[style*="--picture"]`) !== null

/** The addresses of the pictures of the avatars there. */
function picturesOf(page: Page, scope: string): Promise<string[]> {
  return page
    .locator(`${scope} .avatar[style*="--picture"]`)
    .evaluateAll((nodes) => nodes.map((node) => /url\("?([^")]+)/.exec(node.getAttribute('style') ?? '')?.[1] ?? ''))
}

/** In the page: what stands at the upper and at the lower end of a picture of red and blue. */
function coloursOf(canvas: Element): string[] {
  const { width, height } = canvas as HTMLCanvasElement
  const context = (canvas as HTMLCanvasElement).getContext('2d')!
  return [0.1, 0.9].map((part) => {
    const [red = 0, , blue = 0] = context.getImageData(width / 2, height * part, 1, 1).data
    return red > blue ? 'red' : 'blue'
  })
}
