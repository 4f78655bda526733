import { newId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import { browserOfRun } from './browser/browser-of-run.ts'
import { type Device, openDevice } from './browser/Device.ts'
import { refused } from './browser/PageLog.ts'
import { PASSWORD } from './installation/accounts.ts'
import { installation, newPerson } from './installation/shared.ts'
import { button, clickButton, link, waitUntilHidden, waitUntilVisible } from './screens/controls.ts'
import { axeFindings } from './screens/findings.ts'
import { signIn, waitUntilSignedIn } from './screens/sign-in.ts'

// The driver of WebKitGTK chooses no language and cuts no network, and the bridge before it tells of no requests.
test.skipIf(browserOfRun() === 'webkit')(
  'somebody who is not signed in sees the meeting of a link in the language of the browser, is told of a lost network, and is asked for nothing twice',
  async () => {
    const title = `Чай ${'щ'.repeat(80)}`
    const { code } = await newMeeting(title)
    const device = await openDevice(installation, { locale: 'ru-RU', width: 360, height: 780 })
    const { page, pageLog } = device
    await device.goto(`/m/${code}`)
    const heading = page.getByRole('heading', { name: title })
    await waitUntilVisible(heading)
    expect(await heading.evaluate((each) => each.scrollWidth)).toBeLessThan(360)
    expect(await page.title()).toBe(`${title} · Veche`)
    expect(await link(page, 'Войти').getAttribute('href')).toBe(`/signin?next=${encodeURIComponent(`/m/${code}`)}`)
    expect(await page.getByRole('navigation').count()).toBe(0)
    expect(await axeFindings(page)).toEqual([])
    await device.goOffline()
    await waitUntilVisible(page.getByRole('status', { name: 'Соединение' }).getByText('Нет сети'))
    await device.goOnline()
    await waitUntilVisible(page.getByRole('status', { name: 'Соединение' }).getByText('На связи'))
    expect(apiCalls(device)).toEqual(['auth.me', 'meetings.publicByCode'])
    expect(pageLog.complaints()).toEqual([])
  },
)

test('a link to no meeting says so to somebody who is not signed in', async () => {
  const device = await openDevice(installation)
  device.pageLog.expect(/status of 404/)
  await device.goto('/m/000000000-0000000000')
  await waitUntilVisible(device.page.getByRole('heading', { name: 'There is no such meeting' }))
  expect(await link(device.page, 'Sign in').getAttribute('href')).toBe('/signin?next=%2Fmeetings')
  expect(await axeFindings(device.page)).toEqual([])
})

test('an address that leads to no page says so at once, and is not loaded again', async () => {
  const device = await openDevice(installation)
  const { page, pageLog } = device
  const address = '/no/such/page'
  await device.goto(address)
  await waitUntilVisible(page.getByRole('heading', { name: 'There is no such page' }))
  await waitUntilVisible(link(page, 'To the chats'))
  // The bridge before WebKitGTK tells of no requests.
  if (browserOfRun() === 'webkit') return
  expect(pageLog.requests.filter((url) => url.endsWith(address)).length).toBe(1)
})

test('a page whose files are gone from the server is loaded once more, and then says that it could not be loaded', async () => {
  const device = await openDevice(installation)
  const { page, pageLog } = device
  pageLog.expect(refused(404), /^thrown: /)
  let brokenLoads = 1
  page.on('framenavigated', () => (brokenLoads -= 1))
  await page.route('**/_app/immutable/entry/start.*', (route) =>
    brokenLoads >= 0 ? route.fulfill({ status: 404 }) : route.continue(),
  )
  await device.goto('/signin')
  await waitUntilVisible(button(page, 'Sign in'))
  // WebKit keeps the file now, and does not ask for it again.
  if (browserOfRun() === 'webkit') return
  brokenLoads = 10
  await device.goto('/signin')
  await waitUntilVisible(page.getByText('The page could not be loaded.'))
  brokenLoads = 0
  await clickButton(page, 'Try again')
  await waitUntilVisible(button(page, 'Sign in'))
})

test('a guest sees the page of a meeting without any navigation, is told that other pages need an account, and comes to them by signing in', async () => {
  const { code } = await newMeeting('Open house')
  const [host, account] = [await newPerson('Greta Open'), await newPerson('Gustav Guest', { kind: 'guest' })]
  const guest = await openDevice(installation, { account })
  const { page } = guest
  await guest.goto(`/m/${code}`)
  await waitUntilVisible(page.getByRole('heading', { name: 'Open house' }))
  expect(await page.getByRole('navigation').count()).toBe(0)
  for (const path of ['/', '/people', '/meetings', '/admin/people', `/call/${newId()}`, '/settings/profile']) {
    await guest.goto(path)
    await waitUntilVisible(page.getByRole('heading', { name: 'This page needs an account' }))
    expect(await page.getByRole('navigation').count()).toBe(0)
  }
  expect(await axeFindings(page)).toEqual([])
  // The bridge before WebKitGTK tells of no requests.
  if (browserOfRun() !== 'webkit')
    expect(new Set(apiCalls(guest))).toEqual(new Set(['auth.me', 'meetings.publicByCode']))
  await link(page, 'Sign in').click()
  await signIn(guest, host.email, PASSWORD)
  await waitUntilSignedIn(guest)
  await page.waitForURL('**/settings/profile')
  await waitUntilHidden(page.getByText('This page needs an account'))
})

async function newMeeting(title: string) {
  const host = await newPerson('Heidi Open')
  return await host.api.meetings.create.mutate({ id: newId(), chatId: newId(), title })
}

/** The procedures that a browser has called, each call once. */
function apiCalls({ pageLog }: Device): string[] {
  const paths = pageLog.requests.map((url) => new URL(url).pathname)
  return paths.flatMap((path) => (path.startsWith('/api/trpc/') ? path.slice('/api/trpc/'.length).split(',') : []))
}
