import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { persistentBrowser } from './browser/chromium.ts'
import { openDevice } from './browser/Device.ts'
import { networkTrouble } from './browser/Witness.ts'
import { newOwner } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { button, gone, link, press, seen, textbox } from './screens/controls.ts'
import { isSignedIn } from './screens/doors.ts'

const house = await Installation.start()
const olga = await newOwner(house, { name: 'Olga Orlova' })
afterAll(() => house.stop())

type Manifest = {
  id: string
  start_url: string
  scope: string
  display: string
  icons: { src: string; sizes: string; type: string; purpose: string }[]
  screenshots: { src: string; sizes: string; type: string; form_factor: string; label: string }[]
  shortcuts: { name: string; url: string; icons: { src: string }[] }[]
}

describe('the app', () => {
  it('can be installed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'veche-profile-'))
    const context = await persistentBrowser(folder)
    onTestFinished(async () => {
      await context.close()
      rmSync(folder, { recursive: true, force: true })
    })
    const page = context.pages()[0] ?? (await context.newPage())
    await page.goto(`${house.url}/signin`)
    await page.evaluate(() => navigator.serviceWorker.ready)
    await page.reload()
    const session = await context.newCDPSession(page)
    expect((await session.send('Page.getInstallabilityErrors')).installabilityErrors).toEqual([])
    expect((await session.send('Page.getAppManifest')).errors).toEqual([])
    expect((await session.send('Page.getAppId')).appId).toBe(`${house.url}/`)
  })

  it('has a manifest whose icons, screenshots and shortcuts are what it says they are', async () => {
    const answer = await fetch(`${house.url}/manifest.webmanifest`)
    expect(answer.headers.get('content-type')).toMatch('application/manifest+json')
    const manifest = (await answer.json()) as Manifest
    expect(manifest).toMatchObject({ id: '/', start_url: '/', scope: '/', display: 'standalone' })
    expect(new Set(manifest.icons.map(({ purpose }) => purpose))).toEqual(new Set(['any', 'maskable', 'monochrome']))
    expect(manifest.shortcuts.length).toBeGreaterThan(0)
    expect(new Set(manifest.screenshots.map(({ form_factor }) => form_factor))).toEqual(new Set(['narrow', 'wide']))
    const pictures = [...manifest.icons, ...manifest.screenshots]
    for (const { src, sizes, type } of pictures) {
      const picture = await fetch(house.url + src)
      expect(picture.headers.get('content-type'), src).toBe(type)
      if (type === 'image/png') expect(pngSize(Buffer.from(await picture.arrayBuffer())), src).toBe(sizes)
    }
  })

  it('opens without a network at any of its addresses, for whoever was signed in', async () => {
    const device = await openDevice(house, { account: olga, installed: true })
    device.witness.expect(networkTrouble)
    await device.goto('/settings/profile')
    await device.page.evaluate(() => navigator.serviceWorker.ready)
    await device.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
    await device.goOffline()
    await device.page.reload()
    await isSignedIn(device)
    expect(await textbox(device.page, 'Name').inputValue()).toBe('Olga Orlova')
    await device.openTab('/settings/appearance')
    await seen(device.page.getByRole('combobox', { name: 'Theme' }))
  })

  it('offers a new version without interrupting, and takes it when asked', async () => {
    const device = await openDevice(house, { account: olga, installed: true })
    await device.goto('/settings/profile')
    await device.page.evaluate(() => navigator.serviceWorker.ready)
    await device.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
    await device.page.evaluate(() => Object.assign(window, { sameSince: 'before' }))
    await textbox(device.page, 'Name').fill('Olga, halfway through')

    release(house, '9.9.9')
    await device.page.evaluate(async () => (await navigator.serviceWorker.ready).update())
    await seen(button(device.page, 'Update now'))
    expect(await device.page.evaluate(() => 'sameSince' in window)).toBe(true)
    expect(await textbox(device.page, 'Name').inputValue()).toBe('Olga, halfway through')

    await press(device.page, 'Update now')
    await device.page.waitForFunction(() => !('sameSince' in window))
    await isSignedIn(device)
    await gone(button(device.page, 'Update now'))
  })

  it('does not speak of a new version when nothing but the network is missing', async () => {
    const device = await openDevice(house, { account: olga })
    device.witness.expect(networkTrouble, /preload CSS|dynamically imported module/)
    await device.goto('/people')
    await isSignedIn(device)
    await device.goOffline()
    await link(device.page, 'Settings').click()
    await seen(device.page.getByRole('heading', { name: 'Something went wrong' }))
    expect(await button(device.page, 'Update now').count()).toBe(0)
    await device.goOnline()
    await link(device.page, 'To the chats').click()
    await isSignedIn(device)
  })

  it('does not offer a version twice to whoever said later', async () => {
    const device = await openDevice(house, { account: olga, installed: true })
    await device.goto('/settings/profile')
    await device.page.evaluate(() => navigator.serviceWorker.ready)
    await device.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
    release(house, '9.9.10')
    await device.page.evaluate(async () => (await navigator.serviceWorker.ready).update())
    await press(device.page, 'Later')
    await gone(button(device.page, 'Update now'))
  })
})

/** Another build as the browser sees it: a service worker that differs, and with it the page it keeps. */
function release(house: Installation, version: string): void {
  const file = join(house.app, 'service-worker.js')
  const made = `\n// ${version}\n`
  for (const compressed of ['.br', '.gz']) rmSync(file + compressed, { force: true })
  writeFileSync(file, readFileSync(file, 'utf8') + made)
  expect(statSync(file).size).toBeGreaterThan(made.length)
}

function pngSize(picture: Buffer): string {
  return `${picture.readUInt32BE(16)}x${picture.readUInt32BE(20)}`
}
