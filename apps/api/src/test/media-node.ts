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
import { Agent, fetch } from 'undici'
import { WebSocketServer } from 'ws'
import type { Deps } from '../deps.ts'
import { nodeKeys } from '../meetings/node-keys.ts'
import { hear } from '../meetings/nodes/heartbeats.ts'
import { afterFile } from './cleanup.ts'

const t = initTRPC.create()
let count = 0

type Seen = { epoch: number; state: 'in' | 'away' }
type Room = { epoch: number; rev: number; seats: Map<SeatId, Seen> }

/**
 * A media node as the API sees one, without media: its control port, its heartbeats and a signalling address that echoes. It obeys
 * orders as a node does.
 */
export class MediaNode {
  readonly id: NodeId
  boot: BootId = randomUUID() as BootId
  readonly rooms = new Map<MeetingId, Room>()
  readonly orders: MeetingUpdate[] = []
  load = 0.1
  full = false
  capabilities: Record<string, unknown> | undefined = { codecs: [] }
  url: string | null = null
  /** A test may let the control port be asked and not answer. */
  mute = false
  /** How often it was asked whether it lives. */
  asked = 0
  readonly #deps: Deps
  readonly #servers: Server[] = []
  #heart: NodeJS.Timeout | undefined
  #control = 'localhost:1'
  #signalling = 'localhost:1'

  constructor(deps: Deps, id = `test-${(count += 1)}`) {
    this.#deps = deps
    this.id = id as NodeId
    afterFile(() => this.kill())
  }

  /** Both ports are open, and its heart beats each second. */
  static async start(deps: Deps, id?: string): Promise<MediaNode> {
    const node = new MediaNode(deps, id)
    await node.listen()
    await node.beat()
    node.#heart = setInterval(() => void node.beat().catch(() => undefined), 1_000).unref()
    return node
  }

  async listen(): Promise<void> {
    const router = t.router({
      alive: t.procedure.query(async () => {
        this.asked += 1
        if (this.mute) await new Promise(() => undefined)
        return { node: this.id, boot: this.boot }
      }),
      update: t.procedure.input(meetingUpdate).mutation(({ input }) => {
        this.obey(input, false)
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

  /** Its heart stops; its ports stay open. */
  silence(): void {
    clearInterval(this.#heart)
  }

  /** As a process that was killed: nobody listens any more. */
  kill(): void {
    this.silence()
    for (const server of this.#servers.splice(0)) {
      server.close()
      if ('closeAllConnections' in server) (server as import('node:http').Server).closeAllConnections()
      for (const end of this.#ends.splice(0)) end()
    }
  }

  /** A further life on new ports, which knows nothing of the one before. */
  async restart(): Promise<void> {
    this.kill()
    this.boot = randomUUID() as BootId
    this.rooms.clear()
    await this.listen()
    await this.beat()
  }

  /** Somebody came in with this answer of `meetings.join`. */
  enter({ meeting, seat, seatEpoch }: JoinAnswer, epoch = 1): void {
    const before = this.rooms.get(meeting.id)
    const room = before?.epoch === epoch ? before : { epoch, rev: 0, seats: new Map<SeatId, Seen>() }
    room.seats.set(seat.id, { epoch: seatEpoch, state: 'in' })
    this.rooms.set(meeting.id, room)
  }

  see(meetingId: MeetingId, seatId: SeatId, state: Seen['state'] | null): void {
    const seats = this.rooms.get(meetingId)?.seats
    const seat = seats?.get(seatId)
    if (state === null) seats?.delete(seatId)
    else if (seat) seat.state = state
  }

  heartbeat(): Heartbeat {
    return {
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
        seats: [...seats].map(([seat, seen]) => ({ seat, ...seen })),
      })),
    }
  }

  /** A heartbeat as its port takes it, past the door; what is answered is obeyed. */
  async beat(deps: Deps = this.#deps): Promise<HeartbeatAnswer | null> {
    const answer = await hear(deps, this.heartbeat())
    for (const order of answer?.meetings ?? []) this.obey(order, true)
    return answer
  }

  /** The same through the door, with this key. */
  async report(url: string, given: { key?: Buffer; identity?: string; body?: unknown } = {}): Promise<Response> {
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

  obey(order: MeetingUpdate, whole: boolean): void {
    this.orders.push(order)
    const room = this.rooms.get(order.meeting)
    if (!room) return
    if (order.state === 'ended' || order.epoch > room.epoch || order.state === 'moved')
      return void this.rooms.delete(order.meeting)
    for (const { seat, epoch, state } of order.seats) {
      const seen = room.seats.get(seat)
      if (seen && (epoch > seen.epoch || state === 'left' || state === 'removed')) room.seats.delete(seat)
    }
    if (whole) room.rev = Math.max(room.rev, order.rev)
  }

  readonly #ends: (() => void)[] = []

  async #open(server: Server): Promise<string> {
    server.on('tlsClientError', (_error, socket: { destroy(): void }) => socket.destroy())
    server.on('connection', (socket) => this.#ends.push(() => socket.destroy()))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.#servers.push(server)
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }
}
