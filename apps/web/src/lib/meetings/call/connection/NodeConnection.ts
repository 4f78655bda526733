import type { Device, types } from 'mediasoup-client'
import type { JoinedFrame, RoomFrame, SubscriptionView, TransportView } from '@veche/sfu/router'
import type { IceServer, JoinAnswer } from '@veche/shared/meetings'
import { protocol } from '@veche/shared/protocol'
import { appError } from '#lib/api/error.ts'
import type { Environment } from '#lib/live/environment.ts'
import { TypedEvents } from '#lib/browser/TypedEvents.ts'
import type { ReconnectAttempt } from '../reconnect/reconnect-steps.ts'
import type { Direction, MediaState } from '../reconnect/TransportRecovery.ts'
import { callWhenConnected, losesEarlyMedia } from './early-media.ts'
import { type CallNode, type RoomJoin, SignallingSocket, type SocketLoss } from './SignallingSocket.ts'
import { transportOptions } from './transport-options.ts'

export type NodeFrame = Exclude<RoomFrame, { type: 'joined' | 'subscriptions' | 'transportClosed' }>
type NodeEvents = {
  frame: [frame: NodeFrame]
  /** Consumers to create on this transport; those of one frame come together. */
  subscriptions: [transport: types.Transport, views: SubscriptionView[]]
  media: [direction: Direction, state: MediaState]
  socketLost: [reason: SocketLoss]
}
type Options = {
  environment: Environment
  device: Device
  answer: JoinAnswer
  relayOnly: boolean
  view: Extract<RoomJoin, { ticket: string }>['view']
  reconnect: ReconnectAttempt | null
}

const OVERLAP_MS = 10_000

/** The connection to one node, from one ticket: a socket, which `resume` replaces, and a transport for each direction. */
export class NodeConnection {
  readonly events = new TypedEvents<NodeEvents>()
  readonly seatEpoch: number
  /** What the node said when this connection joined or last resumed. */
  joined: JoinedFrame
  readonly #options: Options
  #socket: SignallingSocket
  #iceServers: IceServer[]
  readonly #transports: Record<Direction, types.Transport>
  /** Replaced transports, which carry media until the new one is connected. */
  readonly #replaced = new Set<types.Transport>()
  /** Consumers on a transport that the node has replaced already and this side has not. */
  #earlySubscriptions: SubscriptionView[] = []
  #closed = false

  private constructor(options: Options, socket: SignallingSocket, joined: JoinedFrame) {
    this.#options = options
    this.#socket = socket
    this.joined = joined
    this.seatEpoch = options.answer.seatEpoch
    this.#iceServers = options.answer.iceServers
    this.#transports = { send: this.#newTransport('send', joined.send), recv: this.#newTransport('recv', joined.recv) }
  }

  /** Joins with the ticket. No event is emitted before `listen` is called. */
  static async open(options: Options, signal: AbortSignal): Promise<NodeConnection> {
    const { answer, device, view, reconnect, environment } = options
    const { ticket, sfuUrl } = answer
    const input = {
      protocol: protocol.version,
      ticket,
      rtpCapabilities: device.recvRtpCapabilities,
      view,
      ...(reconnect && { reconnect }),
    }
    const socket = new SignallingSocket({ sfuUrl, input, environment })
    return new NodeConnection(options, socket, await socket.joined(signal))
  }

  /** Called after joining and after each resume, when what the node has said first has been processed. */
  listen(): void {
    this.#socket.listen({
      frame: (frame) => this.#receive(frame),
      lost: (reason) => this.events.emit('socketLost', reason),
    })
  }

  readonly callNode: CallNode = (call) => this.#socket.callNode(call)

  /** Tells the node what may be sent over this transport. */
  callNodeToSend(transport: types.Transport): CallNode {
    return losesEarlyMedia(this.#options.device) ? callWhenConnected(transport, this.callNode) : this.callNode
  }

  get send(): types.Transport {
    return this.#transports.send
  }

  get recv(): types.Transport {
    return this.#transports.recv
  }

  probe(): void {
    this.#socket.probe()
  }

  /** The node still has this peer: a new socket replaces the lost one, and media are not touched. */
  async resume(reconnect: ReconnectAttempt, signal: AbortSignal): Promise<JoinedFrame> {
    this.#socket.close()
    const { answer, environment } = this.#options
    const input = { protocol: protocol.version, resume: this.joined.secret, reconnect }
    this.#socket = new SignallingSocket({ sfuUrl: answer.sfuUrl, input, environment })
    this.joined = await this.#socket.joined(signal)
    return this.joined
  }

  async restartIce(direction: Direction, reconnect: ReconnectAttempt): Promise<void> {
    const transport = this.#transports[direction]
    const input = { transportId: transport.id, reconnect }
    const iceParameters = await this.callNode((node) => node.transport.restartIce.mutate(input))
    await transport.restartIce({ iceParameters })
  }

  /** Makes a new transport beside the old one, which is closed when the new one is connected, or after ten seconds. */
  async replaceTransport(direction: Direction, reconnect: ReconnectAttempt): Promise<types.Transport> {
    const view = await this.callNode((node) => node.transport.replace.mutate({ direction, reconnect }))
    const before = this.#transports[direction]
    if (this.#closed) return before
    this.#replaced.add(before)
    const transport = (this.#transports[direction] = this.#newTransport(direction, view))
    this.#options.environment.after(OVERLAP_MS, () => this.#closeReplaced(before))
    this.#receiveSubscriptions(this.#earlySubscriptions.splice(0))
    return transport
  }

  async setIceServers(iceServers: IceServer[]): Promise<void> {
    this.#iceServers = iceServers
    await Promise.all([this.send, this.recv].map((transport) => transport.updateIceServers({ iceServers })))
  }

  /** Closes the socket only: media go on, and `resume` remains possible. */
  closeSocket(): void {
    this.#socket.close()
  }

  close(): void {
    this.#closed = true
    this.#socket.close()
    for (const transport of [this.send, this.recv, ...this.#replaced]) transport.close()
  }

  #newTransport(direction: Direction, view: TransportView): types.Transport {
    const { device, relayOnly } = this.#options
    const options = transportOptions(view, { servers: this.#iceServers, relayOnly })
    const transport = direction === 'send' ? device.createSendTransport(options) : device.createRecvTransport(options)
    transport.on('connect', ({ dtlsParameters }, done) => {
      // The node takes messages of a socket in order: nothing has to wait for the answer to this one.
      done()
      const connect = { transportId: transport.id, dtlsParameters: { ...dtlsParameters, role: 'client' as const } }
      this.callNode((node) => node.transport.connect.mutate(connect)).catch((thrown: unknown) => {
        if (!appError(thrown).network) this.#reportMedia(transport, 'failed')
      })
    })
    transport.on('produce', ({ rtpParameters, appData }, done, failed) => {
      const { source, paused } = appData as Pick<Produce, 'source' | 'paused'>
      const rtp = rtpParameters as Produce['rtpParameters']
      const produce = { source, paused, transportId: transport.id, rtpParameters: rtp }
      this.callNode((node) => node.media.produce.mutate(produce)).then(done, failed)
    })
    transport.on('connectionstatechange', (state) => {
      if (state === 'connected')
        for (const old of this.#replaced) if (old.direction === direction) this.#closeReplaced(old)
      // The state may change again while its event is being delivered, so it is read afterwards.
      this.#options.environment.after(0, () => this.#reportMedia(transport, transport.connectionState))
    })
    return transport
  }

  #reportMedia(transport: types.Transport, state: MediaState): void {
    const { direction } = transport
    if (!this.#closed && this.#transports[direction] === transport) this.events.emit('media', direction, state)
  }

  #closeReplaced(transport: types.Transport): void {
    if (this.#replaced.delete(transport)) transport.close()
  }

  #receive(frame: RoomFrame): void {
    if (this.#closed || frame.type === 'joined') return
    if (frame.type === 'subscriptions') this.#receiveSubscriptions(frame.subscriptions)
    // Without this the browser would believe for seconds that the transport is connected.
    else if (frame.type === 'transportClosed') {
      if (this.#transports[frame.direction].id === frame.id) this.events.emit('media', frame.direction, 'closed')
    } else this.events.emit('frame', frame)
  }

  #receiveSubscriptions(views: SubscriptionView[]): void {
    const current = views.filter(({ transportId }) => transportId === this.recv.id)
    this.#earlySubscriptions.push(...views.filter(({ transportId }) => !this.#isKnown(transportId)))
    if (current.length > 0) this.events.emit('subscriptions', this.recv, current)
  }

  #isKnown(transportId: string): boolean {
    return [this.recv, ...this.#replaced].some(({ id }) => id === transportId)
  }
}

type Produce = Parameters<Parameters<Parameters<CallNode>[0]>[0]['media']['produce']['mutate']>[0]
