import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChatId } from '@veche/shared/ids'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { launch } from '../../../e2e/browser/launch.ts'
import { MediaNode } from '../../../e2e/installation/MediaNode.ts'
import type { BrowserNetwork } from '../../../e2e/media/BrowserNetwork.ts'
import { recordSilences } from '../../../e2e/media/silences.ts'
import { recordPeerConnections } from '../../../e2e/media/peer-connections.ts'
import { addChats } from '../stage/chats.ts'
import { freePorts } from '../stage/free-ports.ts'
import { addPeople, type Person } from '../stage/people.ts'
import { Stage } from '../stage/Stage.ts'
import { tone } from './tone.ts'

/** So small that four people fit on two cores. */
const camera = { width: 320, height: 180, frameRate: 15 }
const patience = 60_000

/** An installation with media nodes, and people in real browsers who talk all the time: their microphones hear a tone. */
export class CallStage {
  readonly stage: Stage
  readonly people: Person[]
  readonly nodes: MediaNode[] = []
  readonly #browser: Browser
  readonly #env: NodeJS.ProcessEnv
  readonly #contexts = new Map<Person, BrowserContext>()

  private constructor(stage: Stage, people: Person[], browser: Browser, env: NodeJS.ProcessEnv) {
    this.stage = stage
    this.people = people
    this.#browser = browser
    this.#env = env
  }

  static async open(given: { people: number; nodes: number; workers?: number }): Promise<CallStage> {
    const [control] = await freePorts(1)
    const env = {
      VECHE_SECRET: randomBytes(32).toString('base64url'),
      CONTROL_HOST: '127.0.0.1',
      CONTROL_PORT: String(control),
    }
    const stage = await Stage.open({ apis: 1, worker: false, publicUrl: ([port]) => `http://localhost:${port}`, env })
    const people = await addPeople(stage.pool, given.people)
    const sound = join(stage.folder, 'tone.wav')
    writeFileSync(sound, tone(10))
    const args = [...(launch.args ?? []), `--use-file-for-fake-audio-capture=${sound}`]
    const browser = await chromium.launch({ ...launch, args })
    const own = { PATH: process.env['PATH'], HOME: process.env['HOME'], LOG_LEVEL: 'warn', NODE_ENV: 'production' }
    const media = {
      ...own,
      MEDIASOUP_WORKER_BIN: process.env['MEDIASOUP_WORKER_BIN'],
      SFU_WORKERS: String(given.workers ?? 1),
      PUBLIC_URL: `http://localhost:${stage.ports[0]}`,
    }
    const calls = new CallStage(stage, people, browser, { ...env, ...media })
    for (let count = 0; count < given.nodes; count += 1) await calls.addNode()
    return calls
  }

  get url(): string {
    return `http://localhost:${this.stage.ports[0]}`
  }

  async addNode(): Promise<MediaNode> {
    const node = await MediaNode.start(`sfu-${this.nodes.length}`, this.stage.folder, this.#env)
    this.nodes.push(node)
    return node
  }

  async newChat(one: Person, other: Person): Promise<ChatId> {
    const [id] = await addChats(this.stage.pool, [{ title: null, members: [one.userId, other.userId] }])
    return id!
  }

  /** Somebody before a call, with camera and microphone open. */
  async atTheDoor(person: Person, chatId: ChatId, cut?: BrowserNetwork): Promise<Page> {
    const page = await (await this.#contextOf(person, cut)).newPage()
    await page.goto(`${this.url}/call/${chatId}`)
    await page.getByRole('button', { name: 'Join now' }).waitFor({ timeout: patience })
    await page.waitForFunction(
      () => [...document.querySelectorAll('video')].some((video) => video.videoWidth > 0),
      null,
      {
        timeout: patience,
      },
    )
    return page
  }

  async close(): Promise<void> {
    await this.#browser.close()
    await Promise.all(this.nodes.map((node) => node.stop()))
    await this.stage.close()
    rmSync(this.stage.folder, { recursive: true, force: true })
  }

  async #contextOf(person: Person, cut?: BrowserNetwork): Promise<BrowserContext> {
    const before = this.#contexts.get(person)
    if (before) return before
    const context = await this.#browser.newContext({
      viewport: { width: 900, height: 640 },
      locale: 'en-US',
      ...(cut ? { proxy: { server: cut.proxy, bypass: '<-loopback>' } } : {}),
    })
    this.#contexts.set(person, context)
    const [name = '', value = ''] = person.cookie.split('=')
    const rest = { httpOnly: true, secure: true, sameSite: 'Lax' as const }
    await context.addCookies([{ name, value, url: this.url.replace('http:', 'https:'), ...rest }])
    await recordPeerConnections(context, { camera, ...(cut ? { mediaPort: cut.udpPort } : {}) })
    await recordSilences(context)
    return context
  }
}

/** In the call of a chat, with a picture and a voice from everybody else who is in it. */
export async function joined(page: Page, others: number): Promise<Page> {
  await page.getByRole('button', { name: 'Join now' }).click()
  await page.getByRole('button', { name: 'Leave', exact: true }).waitFor({ timeout: patience })
  await flowing(page, others)
  return page
}

/** Resolves when so many others are seen. */
export async function flowing(page: Page, others: number): Promise<void> {
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
  await page.waitForFunction(enough, others, { timeout: patience })
}
