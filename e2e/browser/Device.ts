import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { expect, onTestFinished, type TestContext } from 'vitest'
import { checkout } from '../../ops/cli/env.ts'
import { eventTimeoutMs } from '../../ops/test/time-limits.ts'
import type { Account } from '../installation/accounts.ts'
import type { Installation } from '../installation/Installation.ts'
import { smallCamera } from '../media/small-camera.ts'
import { browser } from './chromium.ts'
import { takeSession } from './launch.ts'
import { PageLog } from './PageLog.ts'

export type DeviceOptions = {
  /** The person who is signed in already. */
  account?: Account
  width?: number
  height?: number
  locale?: 'ru-RU' | 'en-US'
  colorScheme?: 'light' | 'dark'
  /** The service worker is allowed and keeps the whole app; fetching all of it costs a test a fifth of its work. */
  installed?: boolean
  /** The address of the proxy through which it reaches the network. */
  proxy?: string
}

/** The browser of one person: cookies, storage and a service worker of its own. */
export class Device {
  readonly installation: Installation
  readonly context: BrowserContext
  readonly pageLog: PageLog
  #page: Page

  constructor(installation: Installation, context: BrowserContext, pageLog: PageLog, page: Page) {
    this.installation = installation
    this.context = context
    this.pageLog = pageLog
    this.#page = page
  }

  /** The tab in use. */
  get page(): Page {
    return this.#page
  }

  async goto(path: string): Promise<void> {
    await this.page.goto(this.installation.url + path)
  }

  /** Another tab, which is the one in use from now on. */
  async openTab(path = '/'): Promise<Page> {
    this.#page = await this.context.newPage()
    await this.goto(path)
    return this.#page
  }

  /** The tab dies as when the system kills it: nothing runs on the way out. */
  async killTab(): Promise<void> {
    const page = this.page
    const session = await this.context.newCDPSession(page)
    const crashed = page.waitForEvent('crash')
    session.send('Page.crash').catch(() => undefined)
    await crashed
    await page.close()
  }

  async goOffline(): Promise<void> {
    await this.context.setOffline(true)
  }

  async goOnline(): Promise<void> {
    await this.context.setOffline(false)
  }
}

/** A device that is closed when the test ends; errors that the test did not expect fail it. */
export async function openDevice(installation: Installation, options: DeviceOptions = {}): Promise<Device> {
  const device = await newDevice(installation, options)
  onTestFinished(async (test) => {
    if (test.task.result?.state === 'fail') await keepScreenshot(device, test)
    await device.context.close()
    expect(device.pageLog.complaints()).toEqual([])
  })
  return device
}

export async function newDevice(installation: Installation, options: DeviceOptions): Promise<Device> {
  const {
    account,
    width = 1280,
    height = 800,
    locale = 'en-US',
    colorScheme = 'light',
    installed = false,
    proxy,
  } = options
  const chosen: BrowserContextOptions = {
    viewport: { width, height },
    locale,
    colorScheme,
    reducedMotion: 'reduce',
    serviceWorkers: installed ? 'allow' : 'block',
    // The installation is on this machine, for which a browser would not use a proxy.
    ...(proxy ? { proxy: { server: proxy, bypass: '<-loopback>' } } : {}),
  }
  const context = await (await browser()).newContext(chosen)
  context.setDefaultTimeout(eventTimeoutMs)
  await smallCamera(context)
  const pageLog = new PageLog(context, installation.url)
  await pageLog.start(context)
  if (account) await takeSession(context, installation, account)
  return new Device(installation, context, pageLog, await context.newPage())
}

let pictures = 0

export async function keepScreenshot(device: Device, { task }: TestContext): Promise<void> {
  const folder = join(checkout, 'e2e/test-results')
  mkdirSync(folder, { recursive: true })
  pictures += 1
  const name = task.name.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 80)
  await device.page.screenshot({ path: join(folder, `${name}-${pictures}.png`) }).catch(() => undefined)
}
