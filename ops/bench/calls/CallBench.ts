import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChatId } from '@veche/shared/ids'
import { chromium, firefox, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { firefoxLaunch } from '../../../e2e/browser/firefox.ts'
import { launch } from '../../../e2e/browser/launch.ts'
import { MediaNode } from '../../../e2e/installation/MediaNode.ts'
import type { BrowserNetwork } from '../../../e2e/media/BrowserNetwork.ts'
import { recordSilences } from '../../../e2e/media/silences.ts'
import { recordPeerConnections } from '../../../e2e/media/peer-connections.ts'
import { addChats } from '../installation/chats.ts'
import { freePorts } from '../installation/free-ports.ts'
import { addPeople, type Person } from '../installation/people.ts'
import { BenchInstallation } from '../installation/BenchInstallation.ts'
import { tone } from './tone.ts'

/** Small enough for four people on two cores. */
const camera = { width: 320, height: 180, frameRate: 15 }
const timeoutMs = 60_000

type CallBenchOptions = { people: number; nodes: number; workers?: number; browser?: BenchBrowser }
export type BenchBrowser = 'chromium' | 'firefox'

/** An installation with media nodes, and people in real browsers whose microphones send a tone. */
export class CallBench {
  readonly installation: BenchInstallation
  readonly people: Person[]
  readonly nodes: MediaNode[] = []
  readonly #browser: Browser
  readonly #env: NodeJS.ProcessEnv
  readonly #contexts = new Map<Person, BrowserContext>()

  private constructor(installation: BenchInstallation, people: Person[], browser: Browser, env: NodeJS.ProcessEnv) {
    this.installation = installation
    this.people = people
    this.#browser = browser
    this.#env = env
  }

  static async open(given: CallBenchOptions): Promise<CallBench> {
    const [control] = await freePorts(1)
    const env = {
      VECHE_SECRET: randomBytes(32).toString('base64url'),
      CONTROL_HOST: '127.0.0.1',
      CONTROL_PORT: String(control),
    }
    const installation = await BenchInstallation.open({
      apis: 1,
      worker: false,
      publicUrl: ([port]) => `http://localhost:${port}`,
      env,
    })
    const people = await addPeople(installation.pool, given.people)
    const sound = join(installation.folder, 'tone.wav')
    writeFileSync(sound, tone(10))
    const browser = await openBrowser(given.browser ?? 'chromium', sound)
    const own = { PATH: process.env['PATH'], HOME: process.env['HOME'], LOG_LEVEL: 'warn', NODE_ENV: 'production' }
    const media = {
      ...own,
      MEDIASOUP_WORKER_BIN: process.env['MEDIASOUP_WORKER_BIN'],
      SFU_WORKERS: String(given.workers ?? 1),
      PUBLIC_URL: `http://localhost:${installation.ports[0]}`,
    }
    const calls = new CallBench(installation, people, browser, { ...env, ...media })
    for (let count = 0; count < given.nodes; count += 1) await calls.addNode()
    return calls
  }

  get url(): string {
    return `http://localhost:${this.installation.ports[0]}`
  }

  async addNode(): Promise<MediaNode> {
    const node = await MediaNode.start(`sfu-${this.nodes.length}`, this.installation.folder, { env: this.#env })
    this.nodes.push(node)
    return node
  }

  async newChat(one: Person, other: Person): Promise<ChatId> {
    const [id] = await addChats(this.installation.pool, [{ title: null, members: [one.userId, other.userId] }])
    return id!
  }

  /** Opens the page before a call, with camera and microphone on. */
  async openPrejoin(person: Person, chatId: ChatId, network?: BrowserNetwork): Promise<Page> {
    const page = await (await this.#contextOf(person, network)).newPage()
    await page.goto(`${this.url}/call/${chatId}`)
    await page.getByRole('button', { name: 'Join now' }).waitFor({ timeout: timeoutMs })
    await page.waitForFunction(
      () => [...document.querySelectorAll('video')].some((video) => video.videoWidth > 0),
      null,
      {
        timeout: timeoutMs,
      },
    )
    return page
  }

  async close(): Promise<void> {
    await this.#browser.close()
    await Promise.all(this.nodes.map((node) => node.stop()))
    await this.installation.close()
    rmSync(this.installation.folder, { recursive: true, force: true })
  }

  async #contextOf(person: Person, network?: BrowserNetwork): Promise<BrowserContext> {
    const before = this.#contexts.get(person)
    if (before) return before
    const context = await this.#browser.newContext({
      viewport: { width: 900, height: 640 },
      locale: 'en-US',
      ...(network ? { proxy: { server: network.proxy, bypass: '<-loopback>' } } : {}),
    })
    this.#contexts.set(person, context)
    const [name = '', value = ''] = person.cookie.split('=')
    await context.addCookies([{ name, value, url: this.url, httpOnly: true, sameSite: 'Lax' }])
    await recordPeerConnections(context, { camera, ...(network ? { mediaPort: network.udpPort } : {}) })
    await recordSilences(context)
    return context
  }
}

/** Firefox makes a tone by itself. */
function openBrowser(kind: BenchBrowser, sound: string): Promise<Browser> {
  if (kind === 'firefox') return firefox.launch(firefoxLaunch)
  const args = [...(launch.args ?? []), `--use-file-for-fake-audio-capture=${sound}`]
  return chromium.launch({ ...launch, args })
}

/** Joins the call and resolves when media of all others arrive. */
export async function joinCall(page: Page, others: number): Promise<Page> {
  await page.getByRole('button', { name: 'Join now' }).click()
  await page.getByRole('button', { name: 'Leave', exact: true }).waitFor({ timeout: timeoutMs })
  await waitForVideo(page, others)
  return page
}

/** Resolves when the page shows video of that many others. */
export async function waitForVideo(page: Page, others: number): Promise<void> {
  const enough = (count: number) => {
    const arriving = globalThis.peerConnections
      .filter(({ connectionState }) => connectionState === 'connected')
      .flatMap((connection) => connection.getReceivers().map(({ track }) => track))
    const shown = [...document.querySelectorAll('video')].filter(
      ({ srcObject, videoWidth }) =>
        videoWidth > 0 &&
        srcObject instanceof MediaStream &&
        srcObject.getTracks().some((track) => arriving.includes(track)),
    )
    return shown.length >= count
  }
  await page.waitForFunction(enough, others, { timeout: timeoutMs })
}
