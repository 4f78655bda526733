import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { routerCapabilities } from '../media/codecs.ts'
import type { SubscriptionView, JoinedFrame, TransportView } from '../signalling/frames.ts'
import type { TestHouse } from './TestNode.ts'
import type { Visitor } from './TestClient.ts'

type Figures = { packets: number; frames: number; energy: number; cipher: string | null; role: string | null }
type Direction = 'send' | 'recv'

let running: Promise<Browser> | undefined
let bundle: Promise<string> | undefined

/** Headless, with a camera and a microphone that are none. */
function browser(): Promise<Browser> {
  return (running ??= chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--autoplay-policy=no-user-gesture-required',
    ],
  }))
}

export async function closeBrowser(): Promise<void> {
  await (await running)?.close()
}

function script(): Promise<string> {
  const entry = fileURLToPath(new URL('page.js', import.meta.url))
  return (bundle ??= build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'page' } },
  }).then((built) => {
    const [chunk] = (Array.isArray(built) ? built : [built]).flatMap((one) => ('output' in one ? one.output : []))
    if (chunk?.type !== 'chunk') throw new Error('the page was not bundled')
    return chunk.code
  }))
}

/** Somebody with a real browser: its signalling is a visitor's, its media a page's. */
export class Caller {
  readonly visitor: Visitor
  readonly #page: Page

  static async open(house: TestHouse): Promise<Caller> {
    const context = await (await browser()).newContext()
    const page = await context.newPage()
    await page.route('http://localhost/', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><body>' }),
    )
    const caller = new Caller(house.visitor(), page)
    await page.exposeFunction('ask', (path: string, input: unknown) => caller.ask(path, input))
    await page.goto('http://localhost/')
    await page.addScriptTag({ content: await script() })
    await caller.#run('load', routerCapabilities)
    return caller
  }

  private constructor(visitor: Visitor, page: Page) {
    this.visitor = visitor
    this.#page = page
  }

  async join(ticket: string, liar = false): Promise<JoinedFrame> {
    const joined = await this.visitor.join(ticket)
    await this.open('send', joined.send, liar)
    await this.open('recv', joined.recv, liar)
    return joined
  }

  open(direction: Direction, view: TransportView, liar = false): Promise<void> {
    return this.#run('open', direction, view, liar)
  }

  restart(direction: Direction, iceParameters: TransportView['iceParameters']): Promise<void> {
    return this.#run('restart', direction, iceParameters)
  }

  produce(source: 'mic' | 'cam'): Promise<string> {
    return this.#run('produce', source)
  }

  shout(): Promise<string> {
    return this.#run('shout')
  }

  consume(view: SubscriptionView): Promise<void> {
    return this.#run('consume', view)
  }

  figures(direction: Direction): Promise<Figures> {
    return this.#run('figures', direction)
  }

  state(direction: Direction): Promise<string> {
    return this.#run('state', direction)
  }

  ask(path: string, input: unknown): Promise<unknown> {
    const [area, name] = path.split('.') as ['media', 'produce']
    const call = this.visitor.call[area][name].mutate as (input: unknown) => Promise<unknown>
    return call(input)
  }

  close(): Promise<void> {
    return this.#page.context().close()
  }

  #run<T>(name: string, ...given: unknown[]): Promise<T> {
    const body = `globalThis[${JSON.stringify(name)}](...${JSON.stringify(given)})`
    return this.#page.evaluate(body) as Promise<T>
  }
}
