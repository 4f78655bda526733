import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { persistentBrowser } from './browser/browsers.ts'
import { type Device, openDevice } from './browser/Device.ts'
import { PASSWORD } from './installation/accounts.ts'
import type { Installation } from './installation/Installation.ts'
import { OwnInstallation } from './installation/OwnInstallation.ts'
import { button, fill, waitUntilHidden, link, clickButton, waitUntilVisible, textbox } from './screens/controls.ts'
import { waitUntilSignedIn } from './screens/sign-in.ts'

// An installation without an owner, whose app is replaced by another version.
const installation = await OwnInstallation.start()
afterAll(() => installation.stop())

type Manifest = {
  id: string
  start_url: string
  scope: string
  display: string
  icons: { src: string; sizes: string; type: string; purpose: string }[]
  screenshots: { src: string; sizes: string; type: string; form_factor: string; label: string }[]
  shortcuts: { name: string; url: string; icons: { src: string }[] }[]
}

test('a fresh installation belongs to the first who opens its one-time link; a new version of the app is offered without interrupting, and after "Later" only the next one', async () => {
  const device = await openDevice(installation, { installed: true })
  const { page } = device
  await device.goto('/settings/profile')
  await waitUntilVisible(page.getByRole('heading', { name: 'This server has no owner yet' }))
  expect(new URL(page.url()).pathname).toBe('/setup')
  await page.goto(await installation.adminLink('--first'))
  await fill(page, { Name: 'Olga Orlova', Email: 'olga@example.org', Password: PASSWORD })
  await clickButton(page, 'Create account')
  await waitUntilSignedIn(device)
  await waitUntilVisible(link(page, 'Admin'))
  // Nobody is there to write to, and the way leads on to inviting somebody.
  await clickButton(page, 'New chat')
  await clickButton(page.getByRole('dialog'), 'Invite people')
  await waitUntilVisible(page.getByRole('heading', { name: 'Invitations' }))

  // A page is controlled by the service worker when that was active before the page was opened.
  await page.evaluate(async () => void (await navigator.serviceWorker.ready))
  await device.goto('/settings/profile')
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
  await device.context.grantPermissions(['notifications'], { origin: installation.url })
  const pushes = [{ title: 'Anna', body: 'Tea is ready', path: '/people' }, 'of another kind']
  for (const push of pushes) await deliverPush(device, push)
  expect(await notifications(page)).toEqual([
    { title: 'Anna', body: 'Tea is ready', data: { path: '/people' } },
    { title: 'Something new in your chats', body: 'Open the app to see it.', data: { path: '/' } },
  ])
  await page.evaluate(() => Object.assign(window, { sameSince: 'before' }))
  await textbox(page, 'Name').fill('Olga, halfway through')
  const lookForUpdate = () => page.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()))

  release(installation, '9.9.9')
  await lookForUpdate()
  await waitUntilVisible(button(page, 'Update now'))
  expect(await page.evaluate(() => 'sameSince' in window)).toBe(true)
  expect(await textbox(page, 'Name').inputValue()).toBe('Olga, halfway through')
  await clickButton(page, 'Update now')
  await page.waitForFunction(() => !('sameSince' in window))
  await waitUntilSignedIn(device)
  await waitUntilHidden(button(page, 'Update now'))

  release(installation, '9.9.10')
  await lookForUpdate()
  await clickButton(page, 'Later')
  await waitUntilHidden(button(page, 'Update now'))

  release(installation, '9.9.11')
  await lookForUpdate()
  await waitUntilVisible(button(page, 'Update now'))
})

test('the app can be installed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'veche-profile-'))
  const context = await persistentBrowser(folder)
  onTestFinished(async () => {
    await context.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const page = context.pages()[0] ?? (await context.newPage())
  await page.goto(`${installation.url}/signin`)
  await page.evaluate(() => navigator.serviceWorker.ready)
  await page.reload()
  const session = await context.newCDPSession(page)
  expect((await session.send('Page.getInstallabilityErrors')).installabilityErrors).toEqual([])
  expect((await session.send('Page.getAppManifest')).errors).toEqual([])
  expect((await session.send('Page.getAppId')).appId).toBe(`${installation.url}/`)
})

test('the icons, screenshots and shortcuts of the manifest are what it says they are', async () => {
  const answer = await fetch(`${installation.url}/manifest.webmanifest`)
  expect(answer.headers.get('content-type')).toMatch('application/manifest+json')
  const manifest = (await answer.json()) as Manifest
  expect(manifest).toMatchObject({ id: '/', start_url: '/', scope: '/', display: 'standalone' })
  expect(new Set(manifest.icons.map(({ purpose }) => purpose))).toEqual(new Set(['any', 'maskable', 'monochrome']))
  expect(manifest.shortcuts.length).toBeGreaterThan(0)
  expect(new Set(manifest.screenshots.map(({ form_factor }) => form_factor))).toEqual(new Set(['narrow', 'wide']))
  const pictures = [...manifest.icons, ...manifest.screenshots]
  for (const { src, sizes, type } of pictures) {
    const picture = await fetch(installation.url + src)
    expect(picture.headers.get('content-type'), src).toBe(type)
    if (type === 'image/png') expect(pngSize(Buffer.from(await picture.arrayBuffer())), src).toBe(sizes)
  }
})

/**
 * Hands a push to the service worker, as the push service of a browser does, and waits until the worker has dealt with it. Chromium deletes a
 * notification that is read before it is on display, so nobody may read them until then.
 */
async function deliverPush({ context, page, installation }: Device, payload: unknown): Promise<void> {
  const session = await context.newCDPSession(page)
  const registered = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const found = registrations.find(({ scopeURL }) => scopeURL === `${installation.url}/`)
      if (found) resolve(found.registrationId)
    })
  })
  const handled = new Promise<void>((resolve) => {
    session.on('BackgroundService.backgroundServiceEventReceived', ({ backgroundServiceEvent: { eventName } }) => {
      if (eventName === 'Push event completed') resolve()
    })
  })
  // The events of an earlier push would be told again.
  await session.send('BackgroundService.clearEvents', { service: 'pushMessaging' })
  await session.send('BackgroundService.startObserving', { service: 'pushMessaging' })
  await session.send('BackgroundService.setRecording', { service: 'pushMessaging', shouldRecord: true })
  await session.send('ServiceWorker.enable')
  const { url: origin } = installation
  const data = JSON.stringify(payload)
  await session.send('ServiceWorker.deliverPushMessage', { origin, registrationId: await registered, data })
  await handled
  await session.detach()
}

function notifications(page: Page) {
  return page.evaluate(async () => {
    const shown = await (await navigator.serviceWorker.ready).getNotifications()
    const all = shown.map(({ title, body, data }) => ({ title, body, data: data as unknown }))
    return all.sort((one, other) => one.title.localeCompare(other.title))
  })
}

/** Replaces the service worker by another, as a new version of the app does. */
function release(installation: Installation, version: string): void {
  const file = join(installation.app, 'service-worker.js')
  const made = `\n// ${version}\n`
  for (const compressed of ['.br', '.gz']) rmSync(file + compressed, { force: true })
  writeFileSync(file, readFileSync(file, 'utf8') + made)
  expect(statSync(file).size).toBeGreaterThan(made.length)
}

function pngSize(picture: Buffer): string {
  return `${picture.readUInt32BE(16)}x${picture.readUInt32BE(20)}`
}
