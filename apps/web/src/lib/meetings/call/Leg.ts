import type { Device, types } from 'mediasoup-client'
import type { SubscriptionView, JoinedFrame, RoomFrame, TransportView } from '@veche/sfu/router'
import type { IceServer, JoinAnswer } from '@veche/shared/meetings'
import { appError } from '#lib/api/error.ts'
import type { Environment } from '#lib/live/environment.ts'
import type { Direction, MediaState } from './Lane.ts'
import { type Ask, nodeUrl, Signalling } from './Signalling.ts'
import { transportOptions } from './transport-options.ts'

export type LegEvents = {
  frame(leg: Leg, frame: Exclude<RoomFrame, { type: 'joined' | 'subscriptions' | 'transportClosed' }>): void
  /** Consumers to set up on this transport; those of one frame come together. */
  subscriptions(leg: Leg, transport: types.Transport, views: SubscriptionView[]): void
  media(leg: Leg, direction: Direction, state: MediaState): void
  lost(leg: Leg): void
}
type Deps = { environment: Environment; device: Device; answer: JoinAnswer; relayOnly: boolean; events: LegEvents }

const OVERLAP_MS = 10_000

/** One stay at one node: a socket, which may be replaced, and a transport for each direction, which may be renewed. */
export class Leg {
  readonly node: JoinAnswer['node']
  readonly seatEpoch: number
  /** What the node said when I came, or came back. */
  joined: JoinedFrame
  closed = false
  readonly #deps: Deps
  #signalling: Signalling
  #iceServers: IceServer[]
  #now: Record<Direction, types.Transport>
  readonly #old = new Set<types.Transport>()
  /** Consumers of a transport that the node has renewed and this side has not made yet. */
  #early: SubscriptionView[] = []

  private constructor(deps: Deps, signalling: Signalling, joined: JoinedFrame) {
    this.#deps = deps
    this.#signalling = signalling
    this.joined = joined
    this.node = deps.answer.node
    this.seatEpoch = deps.answer.seatEpoch
    this.#iceServers = deps.answer.iceServers
    this.#now = { send: this.#make('send', joined.send), recv: this.#make('recv', joined.recv) }
  }

  /** Joins with a ticket. What the node says meanwhile waits for `begin`. */
  static async open(deps: Deps, view: TilesOnScreen, signal: AbortSignal): Promise<Leg> {
    const early: RoomFrame[] = []
    const here: { leg: Leg | null; lost: boolean } = { leg: null, lost: false }
    const input = { ticket: deps.answer.ticket, rtpCapabilities: deps.device.recvRtpCapabilities, view }
    const signalling = new Signalling({
      url: nodeUrl(deps.answer.sfuUrl, location.origin),
      input,
      environment: deps.environment,
      frame: (frame) => (here.leg ? here.leg.#hear(frame) : early.push(frame)),
      lost: () => (here.leg ? here.leg.#lost(signalling) : (here.lost = true)),
    })
    const leg = new Leg(deps, signalling, await closing(signalling, signal))
    leg.begin = () => {
      here.leg = leg
      for (const frame of early.splice(0)) leg.#hear(frame)
      if (here.lost) leg.#lost(signalling)
    }
    return leg
  }

  /** Called once, by whoever has taken the leg and hears it from then on. */
  begin: () => void = () => undefined

  readonly ask: Ask = (call) => this.#signalling.ask(call)

  get send(): types.Transport {
    return this.#now.send
  }

  get recv(): types.Transport {
    return this.#now.recv
  }

  probe(): void {
    this.#signalling.probe()
  }

  /** The node still has this peer: another socket takes the place of the lost one. */
  async resume(signal: AbortSignal): Promise<JoinedFrame> {
    this.#signalling.close()
    const signalling: Signalling = new Signalling({
      url: nodeUrl(this.#deps.answer.sfuUrl, location.origin),
      input: { resume: this.joined.secret },
      environment: this.#deps.environment,
      frame: (frame) => this.#hear(frame),
      lost: () => this.#lost(signalling),
    })
    this.#signalling = signalling
    this.joined = await closing(signalling, signal)
    return this.joined
  }

  async restartIce(direction: Direction): Promise<void> {
    const transport = this.#now[direction]
    const iceParameters = await this.ask((node) => node.transport.restartIce.mutate({ transportId: transport.id }))
    await transport.restartIce({ iceParameters })
  }

  /** A new transport beside the old one, which is closed when the new one is connected. */
  async renew(direction: Direction): Promise<types.Transport> {
    const view = await this.ask((node) => node.transport.replace.mutate({ direction }))
    if (this.closed) return this.#now[direction]
    const before = this.#now[direction]
    this.#old.add(before)
    this.#now[direction] = this.#make(direction, view)
    this.#deps.environment.after(OVERLAP_MS, () => this.#retire(before))
    const early = this.#early.splice(0)
    if (early.length > 0) this.#hear({ type: 'subscriptions', subscriptions: early })
    return this.#now[direction]
  }

  async useRelays(iceServers: IceServer[]): Promise<void> {
    this.#iceServers = iceServers
    await Promise.all([this.send, this.recv].map((transport) => transport.updateIceServers({ iceServers })))
  }

  /** Says nothing more, and hears nothing more; media go on. */
  hangUp(): void {
    this.#signalling.close()
  }

  close(): void {
    this.closed = true
    this.#signalling.close()
    for (const transport of [this.send, this.recv, ...this.#old]) transport.close()
  }

  #make(direction: Direction, view: TransportView): types.Transport {
    const { device, relayOnly, environment, events } = this.#deps
    const options = transportOptions(view, { servers: this.#iceServers, relayOnly })
    const transport = direction === 'send' ? device.createSendTransport(options) : device.createRecvTransport(options)
    const tell = (state: MediaState) => {
      if (!this.closed && this.#now?.[direction] === transport) events.media(this, direction, state)
    }
    transport.on('connect', ({ dtlsParameters }, done) => {
      // The node takes what comes over the socket in order: nothing has to wait for its answer to this.
      done()
      const connect = { transportId: transport.id, dtlsParameters: { ...dtlsParameters, role: 'client' as const } }
      this.ask((node) => node.transport.connect.mutate(connect)).catch((thrown: unknown) => {
        if (!appError(thrown).network) tell('failed')
      })
    })
    transport.on('produce', ({ rtpParameters, appData }, done, failed) => {
      const { source, paused } = appData as Pick<Produce, 'source' | 'paused'>
      const produce = {
        source,
        paused,
        transportId: transport.id,
        rtpParameters: rtpParameters as Produce['rtpParameters'],
      }
      this.ask((node) => node.media.produce.mutate(produce)).then(done, failed)
    })
    transport.on('connectionstatechange', (state) => {
      if (state === 'connected') for (const old of this.#old) if (old.direction === direction) this.#retire(old)
      // Both sides settle for a moment: what is read within an event may be changed by the next.
      environment.after(0, () => tell(transport.connectionState))
    })
    return transport
  }

  #retire(transport: types.Transport): void {
    if (this.#old.delete(transport)) transport.close()
  }

  #lost(signalling: Signalling): void {
    if (this.#signalling === signalling && !this.closed) this.#deps.events.lost(this)
  }

  #hear(frame: RoomFrame): void {
    if (this.closed || frame.type === 'joined') return
    if (frame.type === 'subscriptions') this.#receive(frame.subscriptions)
    else if (frame.type === 'transportClosed') this.#forsaken(frame)
    else this.#deps.events.frame(this, frame)
  }

  /** The browser would believe for seconds more that it is connected. */
  #forsaken({ direction, id }: Extract<RoomFrame, { type: 'transportClosed' }>): void {
    if (this.#now[direction].id === id) this.#deps.events.media(this, direction, 'failed')
  }

  #receive(views: SubscriptionView[]): void {
    const here = views.filter(({ transportId }) => transportId === this.recv.id)
    this.#early.push(...views.filter(({ transportId }) => !this.#known(transportId)))
    if (here.length > 0) this.#deps.events.subscriptions(this, this.recv, here)
  }

  #known(transportId: string): boolean {
    return transportId === this.recv.id || [...this.#old].some(({ id }) => id === transportId)
  }
}

type Produce = Parameters<Parameters<Parameters<Ask>[0]>[0]['media']['produce']['mutate']>[0]
export type TilesOnScreen = Extract<
  Parameters<Parameters<Parameters<Ask>[0]>[0]['room']['join']['subscribe']>[0],
  { ticket: string }
>['view']

/** The first frame, unless `signal` says that it is too late; the socket is closed then. */
async function closing(signalling: Signalling, signal: AbortSignal): Promise<JoinedFrame> {
  const close = () => signalling.close()
  if (signal.aborted) close()
  signal.addEventListener('abort', close, { once: true })
  try {
    return await signalling.joined
  } catch (thrown) {
    close()
    throw thrown
  } finally {
    signal.removeEventListener('abort', close)
  }
}
