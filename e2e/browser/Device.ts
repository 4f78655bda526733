import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, BrowserContextOptions, Disposable, Page } from 'playwright-core'
import { expect, onTestFinished, type TestContext } from 'vitest'
import { checkout } from '../../ops/cli/env.ts'
import { eventTimeoutMs } from '../../ops/test/time-limits.ts'
import type { Account } from '../installation/accounts.ts'
import type { Installation } from '../installation/Installation.ts'
import { makeCaptureCheap } from '../media/cheap-capture.ts'
import { type BrowserName, browserOfRun } from './browser-of-run.ts'
import { browser } from './browsers.ts'
import { blockServiceWorker, completePages, takeSession } from './launch.ts'
import { PageLog } from './PageLog.ts'
import { type OpenContext, parkContext, takeParkedContext } from './parked-contexts.ts'

export type DeviceOptions = {
  /** The person who is signed in already. */
  account?: Account
  width?: number
  height?: number
  locale?: 'ru-RU' | 'en-US'
  /** The service worker is allowed and keeps the whole app; fetching all of it costs a test a fifth of its work. */
  installed?: boolean
  /** The browser has fetched nothing of the app before: its cache is empty. */
  emptyCache?: boolean
  /** Which browser it is; without it, that of the run. */
  browser?: BrowserName
  /** The address of the proxy through which it reaches the network. */
  proxy?: string
}

type Size = { width: number; height: number }

/** The browser of one person: cookies, storage and a service worker of its own. */
export class Device {
  readonly installation: Installation
  readonly context: BrowserContext
  readonly pageLog: PageLog
  readonly #kind: string | undefined
  readonly #size: Size
  readonly #scripts: Disposable[] = []
  #page: Page

  constructor(installation: Installation, { context, pageLog, page, kind }: OpenContext, size: Size) {
    this.installation = installation
    this.context = context
    this.pageLog = pageLog
    this.#kind = kind
    this.#size = size
    this.#page = page
  }

  /** The tab in use. */
  get page(): Page {
    return this.#page
  }

  async goto(path: string): Promise<void> {
    await this.page.goto(this.installation.url + path)
  }

  /** Runs a script in each page of this device before the scripts of the page. */
  async addInitScript<Arg>(script: (arg: Arg) => void, arg?: Arg): Promise<void> {
    this.#scripts.push(await this.context.addInitScript(script as (arg: unknown) => void, arg))
  }

  /** Another tab, which is the one in use from now on. */
  async openTab(path = '/'): Promise<Page> {
    this.#page = await this.context.newPage()
    await this.#page.setViewportSize(this.#size)
    await this.goto(path)
    return this.#page
  }

  /** The tab dies as when the system kills it: nothing runs on the way out. Only Chromium can do that; others close it. */
  async killTab(): Promise<void> {
    const page = this.page
    if (browserOfRun() !== 'chromium') return page.close()
    const session = await this.context.newCDPSession(page)
    const crashed = page.waitForEvent('crash')
    session.send('Page.crash').catch(() => undefined)
    await crashed
    await page.close()
  }

  /** Ends its use: what can be emptied for another test is kept, and the rest is closed. */
  async release(): Promise<void> {
    const { context, installation, pageLog } = this
    const page = context.pages().includes(this.page) ? this.page : context.pages()[0]
    if (!page || !this.#kind) return context.close()
    for (const script of this.#scripts.splice(0)) await script.dispose()
    await parkContext({ context, pageLog, page, origin: installation.url, kind: this.#kind })
  }

  async goOffline(): Promise<void> {
    await this.context.setOffline(true)
  }

  async goOnline(): Promise<void> {
    await this.context.setOffline(false)
  }
}

/** A device that is released when the test ends; errors that the test did not expect fail it. */
export async function openDevice(installation: Installation, options: DeviceOptions = {}): Promise<Device> {
  const device = await newDevice(installation, options)
  onTestFinished(async (test) => {
    const complaints = device.pageLog.complaints()
    const hasFailed = test.task.result?.state === 'fail'
    if (hasFailed) await keepScreenshot(device, test)
    if (hasFailed || complaints.length > 0) await device.context.close()
    else await device.release()
    expect(complaints).toEqual([])
  })
  return device
}

/** The same, to be released by the caller. */
export async function newDevice(installation: Installation, options: DeviceOptions): Promise<Device> {
  const { account, width = 1280, height = 800, ...rest } = options
  const size = { width, height }
  const opened = await openContext(installation.url, rest)
  await opened.page.setViewportSize(size)
  if (account) await takeSession(opened.context, installation, account)
  return new Device(installation, opened, size)
}

/** Takes a context that a test used before, when there is one of this kind. */
async function openContext(origin: string, rest: Omit<DeviceOptions, 'account' | keyof Size>): Promise<OpenContext> {
  const { locale = 'en-US', installed = false, emptyCache = false, proxy, browser: name = browserOfRun() } = rest
  const chosen: BrowserContextOptions = {
    locale,
    colorScheme: 'light',
    reducedMotion: 'reduce',
    serviceWorkers: installed ? 'allow' : 'block',
    // The installation is on this machine, for which a browser would not use a proxy.
    ...(proxy ? { proxy: { server: proxy, bypass: '<-loopback>' } } : {}),
  }
  // The service worker and its caches, and the connections of a proxy, do not go to another test. Only Chromium can be emptied.
  const kind = installed || proxy || name !== 'chromium' ? undefined : locale
  const parked = kind && !emptyCache && (await takeParkedContext(origin, kind))
  if (parked) return parked
  const context = await (await browser(name)).newContext(chosen)
  context.setDefaultTimeout(eventTimeoutMs)
  await makeCaptureCheap(context)
  if (name !== 'chromium') await completePages(context)
  if (name === 'firefox' && !installed) await blockServiceWorker(context)
  const pageLog = new PageLog(context, origin)
  await pageLog.start(context)
  return { context, pageLog, page: await context.newPage(), origin, kind }
}

let pictures = 0

export async function keepScreenshot(device: Device, { task }: TestContext): Promise<void> {
  const folder = join(checkout, 'e2e/test-results')
  mkdirSync(folder, { recursive: true })
  pictures += 1
  const name = task.name.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 80)
  await device.page.screenshot({ path: join(folder, `${name}-${pictures}.png`) }).catch(() => undefined)
}
