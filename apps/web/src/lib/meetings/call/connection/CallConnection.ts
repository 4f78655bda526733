import type { JoinedFrame, RoomFrame } from '@veche/sfu/router'
import type { JoinAnswer } from '@veche/shared/meetings'
import { AppError, type AppErrorCode, appError } from '#lib/api/error.ts'
import { pause, type Environment } from '#lib/live/environment.ts'
import { TypedEvents } from '#lib/browser/TypedEvents.ts'
import type { PublicationSet } from '../publish/PublicationSet.ts'
import type { ReconnectAttempt } from '../reconnect/reconnect-steps.ts'
import { type CallTrouble, ReconnectLadder } from '../reconnect/ReconnectLadder.ts'
import { withTimeout } from '../reconnect/timeout.ts'
import type { Direction } from '../reconnect/TransportRecovery.ts'
import { Subscriptions } from '../subscribe/Subscriptions.ts'
import { VisibleTilesSender } from '../subscribe/VisibleTilesSender.ts'
import { IceServers } from './IceServers.ts'
import { NodeConnection, type NodeFrame } from './NodeConnection.ts'
import type { RouterDevice } from './router-device.ts'
import { SeatRequest } from './SeatRequest.ts'

type NodeEndReason = Extract<RoomFrame, { type: 'ended' }>['reason']
export type CallEndReason = NodeEndReason | AppErrorCode
export type CallConnectionEvents = {
  /** The API has given a seat. */
  seated: [answer: JoinAnswer]
  /** The node has let this call in, or has resumed it. */
  joined: [frame: JoinedFrame]
  frame: [frame: NodeFrame]
  trouble: [trouble: CallTrouble | null]
  ended: [why: CallEndReason]
}
type Options = Omit<ConstructorParameters<typeof SeatRequest>[0], 'ended'> & {
  environment: Environment
  publications: PublicationSet
  routerDevice: RouterDevice
  relayOnly(): boolean
}
type Entry = { returning: boolean; reconnect: ReconnectAttempt | null }

const JOIN_ATTEMPTS = 3
const JOIN_PAUSE_MS = 500
const JOIN_TIMEOUT_MS = 15_000
/** Before the screen reports its visible tiles, the node treats this number of cameras as visible. */
const FIRST_TILES = 9
/** After these the API can give a seat at another node. */
const canRejoinAfter: NodeEndReason[] = ['lost', 'moved', 'stopping', 'silent']

/** The connection of a call: the node that it has joined, and what is done when the connection breaks. */
export class CallConnection {
  readonly events = new TypedEvents<CallConnectionEvents>()
  readonly subscriptions: Subscriptions
  readonly visibleTiles: VisibleTilesSender
  readonly #options: Options
  readonly #ladder: ReconnectLadder
  readonly #seatRequest: SeatRequest
  readonly #stopped = new AbortController()
  #node: NodeConnection | null = null
  /** Earlier connections. Their media play until the media of the current one arrive. */
  readonly #replaced = new Set<NodeConnection>()
  #iceServers: IceServers | undefined

  constructor(options: Options) {
    const { environment } = options
    this.#options = options
    this.#seatRequest = new SeatRequest({ ...options, ended: this.#stopped.signal })
    this.subscriptions = new Subscriptions(environment)
    this.subscriptions.events.on('refused', (transport) => {
      if (transport === this.#node?.recv) this.#ladder.mediaChanged('recv', 'failed')
    })
    this.visibleTiles = new VisibleTilesSender(environment, (tiles) => {
      this.#node
        ?.callNode((node) => node.room.setVisibleTiles.mutate({ tiles }))
        .catch((thrown: unknown) => appError(thrown).code === 'request.too_many' && this.visibleTiles.sendLater())
    })
    this.#ladder = new ReconnectLadder({
      environment,
      steps: {
        resume: (attempt, signal) => this.#resume(attempt, signal),
        recover: (direction, attempt) => this.#recover(direction, attempt),
        rejoin: (attempt, signal) => this.#enter({ returning: true, reconnect: attempt }, signal),
        probe: () => this.#node?.probe(),
      },
      onTrouble: (trouble) => this.events.emit('trouble', trouble),
      onEnd: (why) => this.events.emit('ended', why),
    })
  }

  /** Joins for the first time: three attempts, during which no trouble is reported. */
  async join(entry: Entry): Promise<void> {
    const { environment } = this.#options
    const stopped = this.#stopped.signal
    for (let attempt = 1; ; attempt += 1)
      try {
        await withTimeout({ environment, timeoutMs: JOIN_TIMEOUT_MS, stopped }, (signal) => this.#enter(entry, signal))
        this.#ladder.joined()
        return
      } catch (thrown) {
        const error = appError(thrown)
        if (stopped.aborted) return
        const mayWorkLater = error.isTemporary || error.code.startsWith('call.')
        if (!mayWorkLater || attempt === JOIN_ATTEMPTS) {
          this.#seatRequest.giveBack({ byHand: false })
          return this.events.emit('ended', error.code === 'meeting.seat_taken' ? 'taken_over' : error.code)
        }
        await pause(environment, JOIN_PAUSE_MS * attempt, stopped)
      }
  }

  /** Tells the node and the API that the user leaves: by hand, or because the page is closed. */
  leave(how: { byHand: boolean }): void {
    this.#node?.callNode((node) => node.room.leave.mutate()).catch(ignore)
    this.#seatRequest.giveBack(how)
  }

  requestKeyFrame(id: string): void {
    this.#node?.callNode((node) => node.media.requestKeyFrame.mutate({ id })).catch(ignore)
  }

  stop(): void {
    this.#stopped.abort()
    this.#ladder.stop()
    this.visibleTiles.stop()
    this.#iceServers?.stop()
    this.#options.publications.connect(null)
    this.subscriptions.clear()
    this.#node?.close()
    this.#node = null
    this.#closeReplaced()
  }

  /** Gets a seat and joins its node. The media of the previous connection play until the media of the new one arrive. */
  async #enter({ returning, reconnect }: Entry, signal: AbortSignal): Promise<void> {
    const { environment, relayOnly, routerDevice } = this.#options
    // While this socket is open, the node would tell the old peer of this call that its seat was taken over.
    this.#node?.closeSocket()
    const answer = await this.#seatRequest.send(returning, signal)
    this.events.emit('seated', answer)
    const device = await routerDevice.loadFor(answer.routerRtpCapabilities)
    const { tiles } = this.visibleTiles
    const view = { tiles, first: tiles.length > 0 ? 0 : FIRST_TILES }
    const options = { environment, device, answer, relayOnly: relayOnly(), view, reconnect }
    const node = await NodeConnection.open(options, signal)
    if (signal.aborted) {
      node.close()
      throw new AppError('network.timeout')
    }
    this.#use(node)
    if (tiles !== this.visibleTiles.tiles) this.visibleTiles.sendAgain()
  }

  #use(node: NodeConnection): void {
    this.#node?.events.clear()
    if (this.#node) this.#replaced.add(this.#node)
    this.#node = node
    this.#seatRequest.settle()
    this.#options.publications.connect({ transport: node.send, callNode: node.callNode })
    const consumed = this.#consume(node)
    this.events.emit('joined', node.joined)
    node.events.on('frame', (frame) => this.#receive(frame))
    node.events.on(
      'subscriptions',
      (transport, views) => void this.subscriptions.add(transport, views, node.callNodeToSend(transport)),
    )
    node.events.on('media', (direction, state) => this.#ladder.mediaChanged(direction, state))
    node.events.on('socketLost', (reason) => this.#ladder.socketLost(reason))
    node.listen()
    // If this connection has been replaced meanwhile, the next one closes them all.
    void consumed
      .then(() => this.subscriptions.settled(node.recv))
      .then(() => node === this.#node && this.#closeReplaced())
    this.#renewIceServers(node)
  }

  #renewIceServers(node: NodeConnection): void {
    const { environment, api, meetingId } = this.#options
    this.#iceServers?.stop()
    this.#iceServers = new IceServers({
      environment,
      fetch: () => api.meetings.iceServers.query({ meetingId }),
      apply: (servers) => node.setIceServers(servers),
    })
  }

  #closeReplaced(): void {
    for (const node of this.#replaced) node.close()
    this.#replaced.clear()
  }

  /** Subscribes to what the node sends over the current transport. Subscriptions on a replaced transport stay there until it is closed. */
  #consume(node: NodeConnection): Promise<void> {
    const views = node.joined.subscriptions.filter(({ transportId }) => transportId === node.recv.id)
    return this.subscriptions.add(node.recv, views, node.callNodeToSend(node.recv))
  }

  #receive(frame: NodeFrame): void {
    if (frame.type === 'subscription') this.subscriptions.update(frame.id, frame)
    else if (frame.type === 'subscriptionClosed') this.subscriptions.close(frame.id)
    else if (frame.type === 'ended') this.#ended(frame.reason)
    else this.events.emit('frame', frame)
  }

  #ended(reason: NodeEndReason): void {
    // The seat may have been taken by this very tab, with a request whose answer was lost. The API then says whose seat it is.
    const byThisTab = reason === 'taken_over' && this.#seatRequest.mayHaveSeatedTwice
    if (byThisTab || canRejoinAfter.includes(reason)) this.#ladder.nodeEnded()
    else this.events.emit('ended', reason)
  }

  async #resume(attempt: ReconnectAttempt, signal: AbortSignal): Promise<void> {
    const node = this.#node
    if (!node) throw new AppError('call.resume_invalid')
    const joined = await node.resume(attempt, signal)
    if (node !== this.#node) return
    this.#options.publications.compare(joined.publications)
    this.subscriptions.keep(new Set(joined.subscriptions.map(({ id }) => id)), node.recv)
    for (const view of joined.subscriptions) this.subscriptions.update(view.id, { layer: 0, ...view })
    void this.#consume(node)
    this.events.emit('joined', joined)
    node.listen()
    this.visibleTiles.sendAgain()
  }

  async #recover(direction: Direction, attempt: ReconnectAttempt): Promise<void> {
    const node = this.#node
    if (!node) return
    if (attempt.step === 'restartIce') return node.restartIce(direction, attempt)
    const transport = await node.replaceTransport(direction, attempt)
    const isCurrent = direction === 'send' && node === this.#node
    if (isCurrent) this.#options.publications.connect({ transport, callNode: node.callNode })
  }
}

function ignore(): void {}
