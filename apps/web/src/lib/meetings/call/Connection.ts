import type { SubscriptionView, JoinedFrame, RoomFrame } from '@veche/sfu/router'
import type { MeetingId } from '@veche/shared/ids'
import type { JoinAnswer, Source } from '@veche/shared/meetings'
import type { types } from 'mediasoup-client'
import { AppError, type AppErrorCode, appError } from '#lib/api/error.ts'
import { pause, abortable, type Environment } from '#lib/live/environment.ts'
import type { Ask, Door } from './door.ts'
import { Incoming } from './Incoming.ts'
import { Ladder, type Trouble } from './Ladder.ts'
import type { Direction } from './Lane.ts'
import { Leg } from './Leg.ts'
import { Outgoing } from './Outgoing.ts'
import { Relays } from './Relays.ts'
import { thisTab } from './return.ts'
import { deviceFor } from './router-device.ts'
import { View } from './View.ts'
import { within } from './within.ts'

export type EndReason = Extract<RoomFrame, { type: 'ended' }>['reason']
type Deps = {
  environment: Environment
  door: Door
  meetingId: MeetingId
  code: string | undefined
  relayOnly(): boolean
  placed(answer: JoinAnswer): void
  joined(frame: JoinedFrame): void
  frame(frame: RoomFrame): void
  trouble(trouble: Trouble | null): void
  over(why: EndReason | AppErrorCode): void
  refused(source: Source, error: AppError): void
  show(view: SubscriptionView, track: MediaStreamTrack | null): void
}

const FIRST_TRIES = 3
const FIRST_PAUSE_MS = 500
const FIRST_PATIENCE_MS = 15_000
/** So long a question that nobody waits for any longer may still be answered. */
const LATE_MS = 30_000
/** After these a place can be had again, by asking the API. */
const comesBack: EndReason[] = ['lost', 'moved', 'stopping', 'silent']

/** The call's way to its node: where it is now, and what is done when that breaks. */
export class Connection {
  readonly outgoing: Outgoing
  readonly incoming: Incoming
  readonly view: View
  readonly #deps: Deps
  readonly #ladder: Ladder
  readonly #stopped = new AbortController()
  #leg: Leg | null = null
  /** Those before it, which play until it does. */
  readonly #before = new Set<Leg>()
  /** The node that was tried last: named when another place is asked for. */
  #tried: JoinAnswer['node'] | null = null
  /** A place was asked for, and nothing came of it here; the server may have given it all the same, late. */
  #unsure = false
  #unsureUntil = 0
  #relays: Relays | undefined

  constructor(deps: Deps) {
    this.#deps = deps
    this.outgoing = new Outgoing(deps.refused)
    this.incoming = new Incoming({
      environment: deps.environment,
      show: deps.show,
      onBroken: (transport) => transport === this.#leg?.recv && this.#ladder.media('recv', 'failed'),
    })
    this.view = new View(
      deps.environment,
      (tiles) => void this.#leg?.ask((n) => n.room.setVisibleTiles.mutate({ tiles })).catch(ignore),
    )
    this.#ladder = new Ladder({
      environment: deps.environment,
      rungs: {
        resume: (signal) => this.#resume(signal),
        restartIce: async (direction) => this.#leg?.restartIce(direction),
        renew: (direction) => this.#renew(direction),
        rejoin: (signal) => this.#enter({ returning: true, signal }),
        probe: () => this.#leg?.probe(),
      },
      events: { trouble: deps.trouble, over: deps.over },
    })
  }

  /** The first time. Short trouble on the way is not worth a word. */
  async join(returning: boolean): Promise<void> {
    for (let attempt = 1; ; attempt += 1)
      try {
        const patience = { environment: this.#deps.environment, ms: FIRST_PATIENCE_MS, stopped: this.#stopped.signal }
        await within(patience, (signal) => this.#enter({ returning, signal }))
        this.#ladder.joined()
        return
      } catch (thrown) {
        const error = appError(thrown)
        if (this.#stopped.signal.aborted) return
        const again = error.isTemporary || error.code.startsWith('call.')
        if (!again || attempt === FIRST_TRIES) return this.#deps.over(ended(error))
        await pause(this.#deps.environment, FIRST_PAUSE_MS * attempt, this.#stopped.signal)
      }
  }

  /** Says good-bye to both sides; `closing`: the page goes, and will perhaps be back. */
  leave(): void {
    const leg = this.#leg
    if (!leg) return
    leg.ask((node) => node.room.leave.mutate()).catch(ignore)
    this.#deps.door.leave(this.#deps.meetingId, leg.seatEpoch)
  }

  refresh(id: string): void {
    this.#leg?.ask((node) => node.media.requestKeyFrame.mutate({ id })).catch(ignore)
  }

  stop(): void {
    this.#stopped.abort()
    this.#ladder.stop()
    this.view.stop()
    this.#relays?.stop()
    this.outgoing.use(null)
    this.incoming.clear()
    this.#leg?.close()
    this.#leg = null
    this.#closeBefore()
  }

  /** A ticket, a socket, a leg; where there was one before, it plays on until this one does. */
  async #enter({ returning, signal }: { returning: boolean; signal: AbortSignal }): Promise<void> {
    const { environment, door, meetingId, code, relayOnly } = this.#deps
    const failed = this.#tried && { nodeId: this.#tried.id, boot: this.#tried.boot }
    // The node must not say "taken over" to the place that I leave myself.
    this.#leg?.hangUp()
    const ask = { meetingId, tab: await thisTab(), returning, ...(code ? { code } : {}), ...(failed ? { failed } : {}) }
    const answer = await this.#place(ask, signal)
    this.#tried = answer.node
    this.#deps.placed(answer)
    try {
      const device = await deviceFor(answer.routerRtpCapabilities)
      const view = { tiles: this.view.tiles, first: this.view.tiles.length > 0 ? 0 : FIRST_TILES }
      const leg = await Leg.open(
        { environment, device, answer, relayOnly: relayOnly(), events: this.#events },
        view,
        signal,
      )
      if (signal.aborted) leg.close()
      if (signal.aborted) throw new AppError('network.timeout')
      this.#take(leg)
      if (view.tiles !== this.view.tiles) this.view.again()
    } catch (thrown) {
      if (this.#stopped.signal.aborted) door.leave(meetingId, answer.seatEpoch)
      throw thrown
    }
  }

  /** Whoever goes while a place is asked for gives it back when it comes. That is why going does not cancel the question. */
  async #place(ask: Ask, signal: AbortSignal): Promise<JoinAnswer> {
    const { environment, door, meetingId } = this.#deps
    const late = new AbortController()
    const hurry = () => !this.#stopped.signal.aborted && late.abort()
    signal.addEventListener('abort', hurry, { once: true })
    this.#unsure = true
    const asked = door.join(ask, late.signal)
    asked.then(({ seatEpoch }) => this.#stopped.signal.aborted && door.leave(meetingId, seatEpoch)).catch(ignore)
    try {
      return await abortable(signal, asked)
    } catch (thrown) {
      if (appError(thrown).network) this.#unsureUntil = environment.now() + LATE_MS
      throw thrown
    } finally {
      signal.removeEventListener('abort', hurry)
    }
  }

  #take(leg: Leg): void {
    if (this.#leg) this.#before.add(this.#leg)
    this.#leg = leg
    this.#unsure = false
    this.outgoing.use({ transport: leg.send, ask: leg.ask })
    const set = this.incoming.consume(leg.recv, consumersOf(leg), () => leg.ask)
    this.#deps.joined(leg.joined)
    leg.begin()
    // Where this one is replaced in its turn, the next one closes all.
    void set.then(() => this.incoming.settled(leg.recv)).then(() => leg === this.#leg && this.#closeBefore())
    this.#relays?.stop()
    this.#relays = new Relays({
      environment: this.#deps.environment,
      fetch: () => this.#deps.door.relays(this.#deps.meetingId),
      use: (servers) => leg.useRelays(servers),
    })
  }

  #closeBefore(): void {
    for (const leg of this.#before) leg.close()
    this.#before.clear()
  }

  readonly #events = {
    frame: (leg: Leg, frame: RoomFrame) => {
      if (leg === this.#leg) this.#hear(frame)
    },
    subscriptions: (leg: Leg, transport: types.Transport, views: SubscriptionView[]) => {
      if (leg === this.#leg) void this.incoming.consume(transport, views, () => leg.ask)
    },
    media: (leg: Leg, direction: Direction, state: Parameters<Ladder['media']>[1]) => {
      if (leg === this.#leg) this.#ladder.media(direction, state)
    },
    lost: (leg: Leg) => {
      if (leg === this.#leg) this.#ladder.socketLost()
    },
  }

  #hear(frame: RoomFrame): void {
    if (frame.type === 'publicationStopped') this.outgoing.stopped(frame.source, frame.id)
    if (frame.type === 'subscription') this.incoming.update(frame.id, frame)
    else if (frame.type === 'subscriptionClosed') this.incoming.close(frame.id)
    else if (frame.type === 'ended') this.#ended(frame.reason)
    else this.#deps.frame(frame)
  }

  #ended(reason: EndReason): void {
    // It may be I who took it over, by a question whose answer was lost: whoever comes back is told by the API whose seat it is.
    const unsure = this.#unsure || this.#deps.environment.now() < this.#unsureUntil
    const mine = reason === 'taken_over' && unsure
    if (mine || comesBack.includes(reason)) this.#ladder.legLost()
    else this.#deps.over(reason)
  }

  async #resume(signal: AbortSignal): Promise<void> {
    const leg = this.#leg
    if (!leg) throw new AppError('call.resume_invalid')
    const joined = await leg.resume(signal)
    if (leg !== this.#leg) return
    this.outgoing.compare(leg.ask, joined.publications)
    this.incoming.keep(new Set(joined.subscriptions.map(({ id }) => id)), leg.recv)
    for (const view of joined.subscriptions) this.incoming.update(view.id, { layer: 0, ...view })
    void this.incoming.consume(leg.recv, consumersOf(leg), () => leg.ask)
    this.#deps.joined(joined)
    this.view.again()
  }

  async #renew(direction: Direction): Promise<void> {
    const leg = this.#leg
    if (!leg) return
    const transport = await leg.renew(direction)
    if (direction === 'send' && leg === this.#leg) this.outgoing.use({ transport, ask: leg.ask })
  }
}

const FIRST_TILES = 9

function consumersOf(leg: Leg): SubscriptionView[] {
  return leg.joined.subscriptions.filter(({ transportId }) => transportId === leg.recv.id)
}

function ended(error: AppError): EndReason | AppErrorCode {
  return error.code === 'meeting.seat_taken' ? 'taken_over' : error.code
}

function ignore(): void {}
