import { setTimeout as wait } from 'node:timers/promises'
import { chromium, type Page } from 'playwright-core'
import { launch } from '../../../e2e/browser/launch.ts'
import type { Figure } from '../figures/figure.ts'
import { commandOf, cpuSeconds, family, memoryMb } from '../figures/processes.ts'
import { quantile } from '../figures/quantile.ts'
import { BenchInstallation } from '../installation/BenchInstallation.ts'
import { addManyChats, type Owner } from './many-chats.ts'
import { openChat, type PageProbe, scrollList, startProbe, untilHeld } from './page-probe.ts'

export type DeviceBenchOptions = { chats: number; messagesEach: number; longChat: number; timeoutMs: number }

const longTitle = 'Group 00001'

/** A fresh device of somebody with many chats, from the sign-in on: first rows, all chats, a reload, and a long chat. */
export async function measureDevice(options: DeviceBenchOptions): Promise<Figure[]> {
  const installation = await BenchInstallation.open({
    apis: 1,
    worker: false,
    publicUrl: ([port]) => `http://localhost:${port}`,
  })
  const browser = await chromium.launch(launch)
  try {
    const me = await addManyChats(installation.pool, options)
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US' })
    await context.addInitScript(startProbe)
    const page = await context.newPage()
    page.setDefaultTimeout(options.timeoutMs)
    const memory = new ApiMemory(installation.apis[0]!.pid)
    return await measurePage(page, me, memory, {
      ...options,
      url: `http://localhost:${installation.ports[0]}`,
    })
  } catch (error) {
    console.error(installation.lastLines)
    throw error
  } finally {
    await browser.close()
    await installation.close()
  }
}

type Measured = DeviceBenchOptions & { url: string }

async function measurePage(
  page: Page,
  me: Owner,
  memory: ApiMemory,
  { chats, url, timeoutMs }: Measured,
): Promise<Figure[]> {
  await page.goto(`${url}/signin`)
  await page.locator('input[name=email]').fill(me.email)
  await page.locator('input[name=password]').fill(me.password)
  // The service worker stores the app meanwhile; a person needs longer to type.
  await wait(3_000)
  memory.start()
  const requests = new RequestCounts(page)
  const cpuBefore = browserCpu()
  await page.evaluate(() => {
    globalThis.probe.longTasks.length = 0
    globalThis.probe.waits.length = 0
  })
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  const within = wait(timeoutMs, undefined, { ref: false }).then(() => {
    throw new Error(`not all chats were there after ${timeoutMs / 1_000} s`)
  })
  const held = { name: `veche-${me.userId}`, chats: chats + 1 }
  const allAt = await Promise.race([page.evaluate(untilHeld, held), within]).catch(async (thrown: unknown) => {
    console.error(`${page.url()}\n${(await page.locator('body').innerText()).slice(0, 500)}`)
    throw thrown
  })
  const cpu = browserCpu() - cpuBefore
  const asked = requests.now()
  const fresh = await page.evaluate(() => globalThis.probe)
  const scrolled = await page.evaluate(scrollList)
  const maxRows = await page.evaluate(() => globalThis.probe.maxRows)
  await page.evaluate(() => (document.querySelector('section.chats .scroll')!.scrollTop = 0))
  await wait(500)
  const opened = await page.evaluate(openChat, longTitle)
  await page.goto(url)
  await page.locator('section.chats li').first().waitFor()
  await wait(2_000)
  const reloads: number[] = []
  const openedAgain: number[] = []
  for (let round = 0; round < 3; round += 1) {
    await page.reload()
    await page.locator('section.chats li').first().waitFor()
    reloads.push((await page.evaluate(() => globalThis.probe.firstRowAt))!)
    await wait(2_000)
    openedAgain.push(await page.evaluate(openChat, longTitle))
    await page.goto(url)
  }
  await page.close()
  const rest = await memory.end()
  return [
    ...freshFigures(chats, fresh, allAt),
    { name: named(chats, 'requests to the API meanwhile'), unit: '', values: [asked.all] },
    { name: named(chats, 'refused ones'), unit: '', values: [asked.refused], aim: { most: 0 } },
    { name: named(chats, 'CPU of the browser meanwhile'), unit: 's', values: [cpu] },
    {
      name: named(chats, 'rows in the page after scrolling to the end'),
      unit: '',
      values: [maxRows],
      aim: { most: 60 },
    },
    { name: named(chats, `number of the last chat in the list`), unit: '', values: [Number(scrolled.last.slice(6))] },
    { name: named(chats, 'slowest frame while scrolling'), unit: 'ms', values: [scrolled.slowestFrame] },
    { name: named(chats, 'reload to the list'), unit: 'ms', values: reloads, aim: { most: 500 } },
    { name: named(chats, 'click to the long chat, not held'), unit: 'ms', values: [opened], aim: { most: 500 } },
    { name: named(chats, 'click to the long chat, held'), unit: 'ms', values: openedAgain, aim: { most: 500 } },
    ...rest.map((figure) => ({ ...figure, name: named(chats, figure.name) })),
  ]
}

function freshFigures(chats: number, probe: PageProbe, allAt: number): Figure[] {
  const from = probe.signedInAt ?? NaN
  const waits = probe.waits.toSorted((a, b) => a - b)
  const aimOfAll = new Map([
    [1_500, 6_000],
    [5_000, 20_000],
  ]).get(chats)
  return [
    {
      name: named(chats, 'answer of the sign-in to the first rows'),
      unit: 'ms',
      values: [(probe.firstRowAt ?? NaN) - from],
      aim: { most: 1_500 },
    },
    {
      name: named(chats, 'answer of the sign-in to all chats'),
      unit: 'ms',
      values: [allAt - from],
      ...(aimOfAll ? { aim: { most: aimOfAll } } : {}),
    },
    { name: named(chats, 'tasks over 50 ms meanwhile'), unit: '', values: [probe.longTasks.length] },
    { name: named(chats, 'the longest of them'), unit: 'ms', values: [Math.max(0, ...probe.longTasks)] },
    {
      name: named(chats, 'wait of a click meanwhile, p99'),
      unit: 'ms',
      values: [quantile(waits, 0.99)],
      aim: { most: 50 },
    },
  ]
}

function named(chats: number, what: string): string {
  return `${chats.toLocaleString('en')} chats: ${what}`
}

/** What the app asks of the API. */
class RequestCounts {
  #all = 0
  #refused = 0

  constructor(page: Page) {
    page.on('response', (response) => {
      if (!response.url().includes('/api/trpc/')) return
      this.#all += 1
      if (response.status() === 429) this.#refused += 1
    })
  }

  now(): { all: number; refused: number } {
    return { all: this.#all, refused: this.#refused }
  }
}

/** CPU seconds of all processes of the browser: the figure to compare busy machines by. */
function browserCpu(): number {
  return cpuSeconds(family(process.pid).filter((pid) => commandOf(pid).includes('chromium')))
}

/** The memory of the API before, at its peak and afterwards. */
class ApiMemory {
  readonly #pid: number
  #before = 0
  #peak = 0
  #timer: NodeJS.Timeout | undefined

  constructor(pid: number) {
    this.#pid = pid
  }

  start(): void {
    this.#before = memoryMb([this.#pid])
    this.#timer = setInterval(() => (this.#peak = Math.max(this.#peak, memoryMb([this.#pid]))), 200)
  }

  /** A minute later, so that what is garbage may be collected. */
  async end(): Promise<Figure[]> {
    clearInterval(this.#timer)
    await wait(60_000)
    const after = memoryMb([this.#pid])
    return [
      { name: 'API memory before', unit: 'MB', values: [this.#before] },
      { name: 'API memory at its peak', unit: 'MB', values: [this.#peak] },
      { name: 'API memory that is more a minute later', unit: 'MB', values: [after - this.#before], aim: { most: 30 } },
    ]
  }
}
