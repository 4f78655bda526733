import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { routerCapabilities } from '../media/codecs.ts'
import type { SubscriptionView, JoinedFrame, TransportView } from '../signalling/frames.ts'
import type { TestNode } from './TestNode.ts'
import type { TestClient } from './TestClient.ts'

type MediaStats = { packets: number; frames: number; energy: number; cipher: string | null; role: string | null }
type Direction = 'send' | 'recv'

let running: Promise<Browser> | undefined
let bundle: Promise<string> | undefined

/** One headless Chromium for all clients, with a fake camera and microphone. */
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

/** A client with a real browser: its signalling is a test client, its media is in a page. */
export class BrowserClient {
  readonly signalling: TestClient
  readonly #page: Page

  static async open(testNode: TestNode): Promise<BrowserClient> {
    const context = await (await browser()).newContext()
    const page = await context.newPage()
    await page.route('http://localhost/', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><body>' }),
    )
    const client = new BrowserClient(testNode.newClient(), page)
    await page.exposeFunction('call', (path: string, input: unknown) => client.call(path, input))
    await page.goto('http://localhost/')
    await page.addScriptTag({ content: await script() })
    await client.#run('load', routerCapabilities)
    return client
  }

  private constructor(signalling: TestClient, page: Page) {
    this.signalling = signalling
    this.#page = page
  }

  async join(ticket: string, wrongCertificate = false): Promise<JoinedFrame> {
    const joined = await this.signalling.join(ticket)
    await this.open('send', joined.send, wrongCertificate)
    await this.open('recv', joined.recv, wrongCertificate)
    return joined
  }

  open(direction: Direction, view: TransportView, wrongCertificate = false): Promise<void> {
    return this.#run('open', direction, view, wrongCertificate)
  }

  restart(direction: Direction, iceParameters: TransportView['iceParameters']): Promise<void> {
    return this.#run('restart', direction, iceParameters)
  }

  produce(source: 'mic' | 'cam'): Promise<string> {
    return this.#run('produce', source)
  }

  produceNoise(): Promise<string> {
    return this.#run('produceNoise')
  }

  consume(view: SubscriptionView): Promise<void> {
    return this.#run('consume', view)
  }

  stats(direction: Direction): Promise<MediaStats> {
    return this.#run('stats', direction)
  }

  call(path: string, input: unknown): Promise<unknown> {
    const [area, name] = path.split('.') as ['media', 'produce']
    const call = this.signalling.call[area][name].mutate as (input: unknown) => Promise<unknown>
    return call(input)
  }

  async close(): Promise<void> {
    this.signalling.close()
    await this.#page.context().close()
  }

  #run<T>(name: string, ...given: unknown[]): Promise<T> {
    const body = `globalThis[${JSON.stringify(name)}](...${JSON.stringify(given)})`
    return this.#page.evaluate(body) as Promise<T>
  }
}
