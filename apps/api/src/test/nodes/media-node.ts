import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttp } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { initTRPC } from '@trpc/server'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import type { BootId, MeetingId, NodeId, SeatId } from '@veche/shared/ids'
import type { JoinAnswer } from '@veche/shared/meetings'
import {
  apiIdentity,
  controlTls,
  type Heartbeat,
  type HeartbeatAnswer,
  type MeetingUpdate,
  meetingUpdate,
} from '@veche/shared/nodes'
import { protocol } from '@veche/shared/protocol'
import { Agent, fetch } from 'undici'
import { WebSocketServer } from 'ws'
import type { Deps } from '../../deps.ts'
import { nodeKeys } from '../../nodes/keys.ts'
import { acceptHeartbeat } from '../../nodes/heartbeats.ts'
import { afterFile } from '../cleanup.ts'

const t = initTRPC.create()
let count = 0

type SeatInRoom = { epoch: number; state: 'in' | 'away' }
type Room = { epoch: number; rev: number; seats: Map<SeatId, SeatInRoom> }

/**
 * A media node as the API sees one, without media: its control port, its heartbeats and a signalling address that echoes. It applies
 * meeting updates as a node does.
 */
export class MediaNode {
  readonly id: NodeId
  boot: BootId = randomUUID() as BootId
  readonly rooms = new Map<MeetingId, Room>()
  readonly updates: MeetingUpdate[] = []
  load = 0.1
  full = false
  capabilities: Record<string, unknown> | undefined = { codecs: [] }
  url: string | null = null
  /** When set, the control port takes probes and does not answer them. */
  ignoresProbes = false
  /** How often it was probed. */
  probes = 0
  readonly #deps: Deps
  readonly #servers: Server[] = []
  #heartbeatTimer: NodeJS.Timeout | undefined
  #lastBeat: Promise<unknown> = Promise.resolve()
  #control = 'localhost:1'
  #signalling = 'localhost:1'

  constructor(deps: Deps, id = `test-${(count += 1)}`) {
    this.#deps = deps
    this.id = id as NodeId
    afterFile(() => this.kill())
  }

  /** Opens both ports and sends a heartbeat each second. */
  static async start(deps: Deps, id?: string): Promise<MediaNode> {
    const node = new MediaNode(deps, id)
    await node.listen()
    await node.beat()
    node.#heartbeatTimer = setInterval(() => (node.#lastBeat = node.beat().catch(() => undefined)), 1_000).unref()
    return node
  }

  async listen(): Promise<void> {
    const router = t.router({
      alive: t.procedure.query(async () => {
        this.probes += 1
        if (this.ignoresProbes) await new Promise(() => undefined)
        return { node: this.id, boot: this.boot }
      }),
      update: t.procedure.input(meetingUpdate).mutation(({ input }) => {
        this.apply(input, false)
        return { rev: this.rooms.get(input.meeting)?.rev ?? 0 }
      }),
    })
    const [psk] = nodeKeys(this.#deps.env, this.id)
    const tls = {
      ...controlTls,
      pskCallback: (_: unknown, identity: string) => (identity === apiIdentity ? psk! : null),
    }
    this.#control = await this.#open(createServer(tls, createHTTPHandler({ router })))
    const signalling = createHttp()
    new WebSocketServer({ server: signalling }).on('connection', (socket, req) => {
      socket.on('error', () => undefined)
      socket.send(JSON.stringify({ node: this.id, url: req.url, headers: req.headers }))
      socket.on('message', (text) => socket.send(`echo ${String(text)}`))
    })
    this.#signalling = await this.#open(signalling)
  }

  /** Stops the heartbeats; the ports stay open. Resolves when a heartbeat that was on its way has been taken. */
  async silence(): Promise<void> {
    clearInterval(this.#heartbeatTimer)
    await this.#lastBeat
  }

  /** Does what killing a process does: nothing listens any more. */
  async kill(): Promise<void> {
    const silent = this.silence()
    for (const server of this.#servers.splice(0)) {
      server.close()
      if ('closeAllConnections' in server) (server as import('node:http').Server).closeAllConnections()
      for (const close of this.#closeSockets.splice(0)) close()
    }
    await silent
  }

  /** A new boot on new ports, which knows nothing of the one before. */
  async restart(): Promise<void> {
    await this.kill()
    this.boot = randomUUID() as BootId
    this.rooms.clear()
    await this.listen()
    await this.beat()
  }

  /** A browser joins the room with this answer of `meetings.join`. */
  enter({ meeting, seat, seatEpoch }: JoinAnswer, epoch = 1): void {
    const before = this.rooms.get(meeting.id)
    const room = before?.epoch === epoch ? before : { epoch, rev: 0, seats: new Map<SeatId, SeatInRoom>() }
    room.seats.set(seat.id, { epoch: seatEpoch, state: 'in' })
    this.rooms.set(meeting.id, room)
  }

  setSeat(meetingId: MeetingId, seatId: SeatId, state: SeatInRoom['state'] | null): void {
    const seats = this.rooms.get(meetingId)?.seats
    const seat = seats?.get(seatId)
    if (state === null) seats?.delete(seatId)
    else if (seat) seat.state = state
  }

  heartbeat(): Heartbeat {
    return {
      protocol: protocol.version,
      node: this.id,
      boot: this.boot,
      release: 'test',
      signalling: this.#signalling,
      control: this.#control,
      url: this.url,
      workers: [{ load: this.load, rooms: this.rooms.size, peers: 0, full: this.full }],
      ...(this.capabilities ? { capabilities: this.capabilities } : {}),
      meetings: [...this.rooms].map(([meeting, { epoch, rev, seats }]) => ({
        meeting,
        epoch,
        rev,
        seats: [...seats].map(([seat, inRoom]) => ({ seat, ...inRoom })),
      })),
    }
  }

  /** Hands a heartbeat to the API without the control port, and applies the answer. */
  async beat(deps: Deps = this.#deps): Promise<HeartbeatAnswer | null> {
    const answer = await acceptHeartbeat(deps, this.heartbeat())
    for (const update of answer?.meetings ?? []) this.apply(update, true)
    return answer
  }

  /** Sends a heartbeat to a control port, with this key. */
  async sendHeartbeat(url: string, given: { key?: Buffer; identity?: string; body?: unknown } = {}): Promise<Response> {
    const psk = given.key ?? nodeKeys(this.#deps.env, this.id)[0]!
    const pskCallback = () => ({ psk, identity: given.identity ?? this.id })
    const dispatcher = new Agent({ connect: { ...controlTls, pskCallback, checkServerIdentity: () => undefined } })
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify(given.body ?? this.heartbeat())
    try {
      const answer = await fetch(`${url}/heartbeat`, { method: 'POST', headers, body, dispatcher })
      return new Response(await answer.text(), { status: answer.status })
    } finally {
      await dispatcher.close()
    }
  }

  apply(update: MeetingUpdate, whole: boolean): void {
    this.updates.push(update)
    const room = this.rooms.get(update.meeting)
    if (!room) return
    if (update.state === 'ended' || update.epoch > room.epoch || update.state === 'moved')
      return void this.rooms.delete(update.meeting)
    for (const { seat, epoch, state } of update.seats) {
      const inRoom = room.seats.get(seat)
      if (inRoom && (epoch > inRoom.epoch || state === 'left' || state === 'removed')) room.seats.delete(seat)
    }
    if (whole) room.rev = Math.max(room.rev, update.rev)
  }

  readonly #closeSockets: (() => void)[] = []

  async #open(server: Server): Promise<string> {
    server.on('tlsClientError', (_error, socket: { destroy(): void }) => socket.destroy())
    server.on('connection', (socket) => this.#closeSockets.push(() => socket.destroy()))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.#servers.push(server)
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }
}
