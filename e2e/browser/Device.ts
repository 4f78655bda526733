import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { expect, onTestFinished, type TestContext } from 'vitest'
import { checkout } from '../../ops/cli/env.ts'
import type { Account } from '../house/accounts.ts'
import type { Installation } from '../house/Installation.ts'
import { smallCamera } from '../media/small-camera.ts'
import { browser } from './chromium.ts'
import { takeSession } from './launch.ts'
import { Witness } from './Witness.ts'

export type DeviceOptions = {
  /** Who is signed in on it already. */
  account?: Account
  width?: number
  height?: number
  locale?: 'ru-RU' | 'en-US'
  colorScheme?: 'light' | 'dark'
  /** Its service worker keeps the whole app, also for when there is no network. To fetch all of that costs a test a fifth of its work. */
  installed?: boolean
  /** Through which it reaches the network. */
  proxy?: string
}

/** A browser of somebody: cookies, storage and service worker of its own. */
export class Device {
  readonly house: Installation
  readonly context: BrowserContext
  readonly witness: Witness
  #page: Page

  constructor(house: Installation, context: BrowserContext, witness: Witness, page: Page) {
    this.house = house
    this.context = context
    this.witness = witness
    this.#page = page
  }

  /** The tab in use. */
  get page(): Page {
    return this.#page
  }

  async goto(path: string): Promise<void> {
    await this.page.goto(this.house.url + path)
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

/** As long as the test runs. */
export async function openDevice(house: Installation, options: DeviceOptions = {}): Promise<Device> {
  const device = await newDevice(house, options)
  onTestFinished(async (test) => {
    if (test.task.result?.state === 'fail') await keepPicture(device, test)
    await device.context.close()
    expect(device.witness.complaints()).toEqual([])
  })
  return device
}

export async function newDevice(house: Installation, options: DeviceOptions): Promise<Device> {
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
    // The house is on this machine, where a browser would pass a proxy by.
    ...(proxy ? { proxy: { server: proxy, bypass: '<-loopback>' } } : {}),
  }
  const context = await (await browser()).newContext(chosen)
  context.setDefaultTimeout(10_000)
  await smallCamera(context)
  const witness = new Witness(context, house.url)
  await witness.begin(context)
  if (account) await takeSession(context, house, account)
  return new Device(house, context, witness, await context.newPage())
}

let pictures = 0

export async function keepPicture(device: Device, { task }: TestContext): Promise<void> {
  const folder = join(checkout, 'e2e/test-results')
  mkdirSync(folder, { recursive: true })
  pictures += 1
  const name = task.name.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 80)
  await device.page.screenshot({ path: join(folder, `${name}-${pictures}.png`) }).catch(() => undefined)
}
