import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import type { MeetingId, SeatId, UserId } from '@veche/shared/ids'
import type { BrowserContext, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { routerCapabilities } from '../../apps/sfu/src/codecs.ts'
import { newHouse, type TestHouse } from '../../apps/sfu/src/test/harness.ts'
import { findMediaWorker } from '../../ops/cli/media-worker.ts'
import { checkout } from '../../ops/cli/env.ts'
import { browser } from '../browser/chromium.ts'
import { freePorts } from '../house/free-ports.ts'
import type { Cut } from './Cut.ts'
import { type TapOptions, tapMedia } from './tap.ts'

type Seat = { id: SeatId; user: UserId; epoch: number; tab: string | null }
type Ask = { name: string; tab: string; returning: boolean; failed?: { nodeId: string; boot: string } }
export type Shown = {
  phase: 'joining' | 'in' | 'ended'
  ended: string | null
  trouble: string | null
  sharing: boolean
  soundBlocked: boolean
  mic: { on: boolean; blocked: string | null; silent: boolean; level: number }
  cam: { on: boolean; blocked: string | null; silent: boolean }
  screens: number
  tiles: {
    name: string
    me: boolean
    away: boolean
    mic: 'on' | 'off' | 'none'
    camOn: boolean
    video: boolean
    frozen: boolean
  }[]
}

type Method = 'toggleMic' | 'toggleCam' | 'share' | 'stopSharing' | 'leave' | 'takeBack'

declare global {
  /** Of apps/web/test/rig/page.ts. */
  var rig: {
    devices: Record<'mic' | 'cam', { track: MediaStreamTrack | null }>
    join(): void
    shown(): Shown
    /** Who this tab is, and which call it was in when it was loaded anew. */
    returns(): Promise<{ tab: string; meetingId: string | null }>
    call: Record<Method, () => void> & {
      holdToTalk(down: boolean): void
      repair(what: 'mic' | 'cam'): void
    }
  }
}

/** The engine of a call in real browsers against real media nodes, without screens and with an API that only hands out places. */
export class Rig {
  readonly nodes: TestHouse[] = []
  readonly mediaPorts: number[] = []
  /** Joins as the API has heard of them. */
  readonly asked: Ask[] = []
  /** The node that the next ticket is for. */
  place = 0
  readonly #folder = mkdtempSync(join(tmpdir(), 'veche-rig-'))
  readonly #meeting = randomUUID() as MeetingId
  readonly #seats = new Map<string, Seat>()
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    server.on('request', (request, response) => void this.#answer(request, response))
  }

  static async open(nodes = 1): Promise<Rig> {
    process.env['MEDIASOUP_WORKER_BIN'] ||= findMediaWorker() ?? ''
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const rig = new Rig(server)
    const page = join(checkout, 'apps/web')
    execFileSync(process.execPath, ['test/rig/build.ts', rig.#folder], { cwd: page, stdio: 'pipe' })
    for (const port of await freePorts(nodes)) {
      rig.nodes.push(await newHouse({ env: { PUBLIC_URL: rig.origin, MEDIA_PORT: String(port) } }))
      rig.mediaPorts.push(port)
    }
    return rig
  }

  get origin(): string {
    return `http://localhost:${(this.#server.address() as { port: number }).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    for (const node of this.nodes) await node.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Somebody in a browser of their own, who has joined. */
  async enter(name: string, { cut, ...tap }: TapOptions & { cut?: Cut } = {}): Promise<Person> {
    const proxy = cut ? { proxy: { server: cut.proxy, bypass: '<-loopback>' } } : {}
    const context = await (await browser()).newContext({ ...proxy, permissions: ['camera', 'microphone'] })
    onTestFinished(() => context.close())
    await tapMedia(context, { ...(cut ? { mediaPort: cut.udpPort } : {}), ...tap })
    const person = new Person(await this.#open(context, name))
    await person.join()
    return person
  }

  /** Another tab of the same browser. */
  async #open(context: BrowserContext, name: string): Promise<Page> {
    const page = await context.newPage()
    await page.goto(`${this.origin}/?name=${name}&meeting=${this.#meeting}`)
    await page.waitForFunction(() => globalThis.rig?.devices.mic.track && globalThis.rig.devices.cam.track)
    return page
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.origin).pathname
    if (path === '/join') return this.#join((await json(request)) as Ask, response)
    const files: Record<string, [string, string]> = {
      '/': ['index.html', 'text/html'],
      '/page.js': ['page.js', 'text/javascript'],
    }
    const [file, type] = files[path] ?? []
    if (!file || !type) return void response.writeHead(204).end()
    response.setHeader('content-type', type).end(readFileSync(join(this.#folder, file)))
  }

  async #join(ask: Ask, response: ServerResponse): Promise<void> {
    this.asked.push(ask)
    const seat = this.#seats.get(ask.name) ?? newSeat()
    this.#seats.set(ask.name, seat)
    if (ask.returning && seat.tab !== ask.tab) return void response.writeHead(409).end('meeting.seat_taken')
    seat.tab = ask.tab
    seat.epoch += 1
    const house = this.nodes[this.place]
    if (!house) return void response.writeHead(409).end('meeting.no_node')
    const ticket = await house.ticket({
      meeting: this.#meeting,
      seat: seat.id,
      seatEpoch: seat.epoch,
      user: seat.user,
      name: ask.name,
    })
    const answer = {
      seatEpoch: seat.epoch,
      ticket,
      node: { id: house.node.id, boot: house.node.boot },
      sfuUrl: house.url.replace('127.0.0.1', 'localhost'),
      routerRtpCapabilities: routerCapabilities,
      iceServers: [],
    }
    response.end(JSON.stringify(answer))
  }
}

/** One browser tab in the call. */
export class Person {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  async join(): Promise<void> {
    await this.page.evaluate(() => globalThis.rig.join())
  }

  shown(): Promise<Shown> {
    return this.page.evaluate(() => globalThis.rig.shown())
  }

  /** A method of the call, by name. */
  async does(what: Method): Promise<void> {
    await this.page.evaluate((name) => void globalThis.rig.call[name](), what)
  }
}

function newSeat(): Seat {
  return { id: randomUUID() as SeatId, user: randomUUID() as UserId, epoch: 0, tab: null }
}
