import type { ChatId, UserId } from '@veche/shared/ids'
import type { ChangesFrame, LiveFrame, Signal } from '@veche/shared/live'
import { appError } from '../api/error.ts'
import { applyHistory, applyPositions } from '../store/answers.ts'
import type { Store } from '../store/Store.ts'
import type { HistoryAsk, LiveApi } from './api.ts'
import { catchUp } from './catch-up.ts'
import { Connection } from './Connection.ts'
import { askFor, Intake } from './Intake.ts'
import { Outbox } from './Outbox.ts'
import { Reading } from './Reading.ts'
import { Signals } from './Signals.ts'
import { jitter, pause, unless, type World } from './world.ts'

/** away: there is a network, but the server does not answer. */
export type LiveStatus = 'online' | 'connecting' | 'offline' | 'away' | 'catching-up'

export type LiveClientOptions = {
  store: Store
  api: LiveApi
  world: World
  /** Any answer that says so: the session is over. */
  onSignedOut: () => void
  /** Status, typing or presence. */
  onChange?: () => void
}

/** Keeps what a store holds equal to what the server has, and gets out what was written. It knows no screen. */
export class LiveClient {
  readonly store: Store
  readonly api: LiveApi
  readonly world: World
  readonly intake: Intake
  readonly outbox: Outbox
  readonly reading: Reading
  readonly signals: Signals
  readonly #connection: Connection
  readonly #options: LiveClientOptions
  readonly #inMeetings = new Set<(frame: ChangesFrame) => void>()
  #status: LiveStatus = 'connecting'
  #clockOffset = 0
  #catchingUp: Promise<void> | undefined
  #behind = false
  /** Ends when the socket does. */
  #open = new AbortController()
  #stopped = new AbortController()
  #off: (() => void)[] = []

  constructor(options: LiveClientOptions) {
    const { store, api, world } = options
    this.#options = options
    this.store = store
    this.api = api
    this.world = world
    const signedOut = () => this.#signedOut()
    const arrived = (chatId: ChatId, seq: number) => this.reading.arrived(chatId, seq)
    const connection = () => this.#open.signal
    this.intake = new Intake({ store, api, world, signedOut, arrived, connection })
    this.reading = new Reading({ store, api, world, intake: this.intake })
    const serverNow = () => this.serverNow()
    this.outbox = new Outbox({ store, api, world, intake: this.intake, serverNow, signedOut })
    this.signals = new Signals(world, () => this.#changed())
    this.#connection = new Connection(api, world, {
      frame: (frame) => this.#take(frame),
      changed: () => this.#connectionChanged(),
      refused: () => void this.#checkSession(),
      signedOut,
    })
  }

  get status(): LiveStatus {
    return this.#status
  }

  start(): void {
    this.#off = [
      this.store.on('changed', (changes) => {
        if (changes.outbox) this.outbox.work()
      }),
      // Memory that takes the place of a lost database may be empty: everything is read anew.
      this.store.on('trouble', () => this.#connection.restart()),
      this.world.onNetwork(() => this.#networkChanged()),
    ]
    this.#connection.start()
    this.outbox.work()
  }

  stop(): void {
    for (const off of this.#off.splice(0)) off()
    this.#stopped.abort()
    this.#open.abort()
    this.#connection.stop()
    this.outbox.stop()
    this.reading.stop()
    this.intake.stop()
    this.signals.forget()
  }

  /** A wrong clock harms nothing: the server tells its own with every hello. */
  serverNow(): number {
    return this.world.now() + this.#clockOffset
  }

  /** A page of history into the store. Frames of the chat wait for it. */
  async fetchHistory(ask: HistoryAsk): Promise<{ more: boolean }> {
    for (let attempt = 0; ; attempt++) {
      const page = await this.intake.holding([ask.chatId], async () => {
        const answer = await unless(this.#stopped.signal, this.api.history(ask))
        const merged = await this.intake.commit((merge) => applyHistory(merge, ask, answer))
        return { merged, more: answer.more }
      })
      if (page.merged || attempt >= 2) return { more: page.more }
      // Older than what is held by now, or nothing is held at all: the chat itself comes first.
      this.intake.ask(ask.chatId)
      await this.intake.settled()
    }
  }

  /** A meeting is followed for as long as one sits in it, and not kept: its frames go to whoever listens. Answers how to stop. */
  onMeeting(listener: (frame: ChangesFrame) => void): () => void {
    this.#inMeetings.add(listener)
    return () => this.#inMeetings.delete(listener)
  }

  async fetchPresence(ids: UserId[]): Promise<void> {
    if (ids.length > 0) this.signals.appears(...(await this.api.presence(ids)))
  }

  /** Resolves when what is held is as the server had it after the last hello. */
  async caughtUp(): Promise<void> {
    while (this.#catchingUp) await this.#catchingUp
    await this.intake.settled()
  }

  #take(frame: LiveFrame): void {
    if (frame.type === 'changes') this.#takeChanges(frame)
    else if (frame.type === 'signal') void this.#takeSignal(frame.signal)
    else {
      this.#hearNow(frame.now)
      this.#catchUpSoon()
      this.outbox.retryNow()
    }
  }

  #takeChanges(frame: ChangesFrame): void {
    if (frame.scope === 'meeting') return this.#inMeetings.forEach((listener) => listener(frame))
    for (const { chatId, authorId } of frame.rows.messages ?? []) this.signals.stopsTyping(chatId, authorId)
    this.intake.take(frame)
  }

  async #takeSignal(signal: Signal): Promise<void> {
    if (signal.kind === 'typing') {
      if (signal.userId !== this.store.userId) this.signals.types(signal.chatId, signal.userId)
    } else if (signal.kind === 'presence') this.signals.appears(signal)
    else if (signal.kind === 'meeting') this.signals.meets(signal)
    else if (signal.kind === 'positions' && signal.userId !== this.store.userId) {
      await this.intake.commit((merge) => applyPositions(merge, signal.chatId, signal))
    }
  }

  #catchUpSoon(): void {
    this.#behind = true
    this.#catchingUp ??= this.#catchUp().finally(() => {
      this.#catchingUp = undefined
      this.#changed()
    })
    this.#changed()
  }

  async #catchUp(): Promise<void> {
    const { store, api, intake, world } = this
    for (let attempt = 0; this.#behind && this.#connection.state === 'open'; attempt++) {
      this.#behind = false
      try {
        const connection = this.#open.signal
        await catchUp({ store, api, intake, connection, heardNow: (now) => this.#hearNow(now) })
        this.reading.tell()
      } catch (thrown) {
        if (appError(thrown).code === 'auth.required') return this.#signedOut()
        this.#behind = true
        await pause(world, 250 + jitter(world, attempt, 500, 10_000), this.#stopped.signal)
      }
    }
  }

  /** Whoever is refused a socket may just as well be signed out: an ordinary question tells. */
  async #checkSession(): Promise<void> {
    try {
      const { since } = await askFor(this.store, this.store.userId)
      await this.api.scope(this.store.userId, since)
    } catch (thrown) {
      if (appError(thrown).code === 'auth.required') this.#signedOut()
    }
  }

  #hearNow(now: number): void {
    this.#clockOffset = now - this.world.now()
  }

  #networkChanged(): void {
    this.outbox.retryNow()
    this.#changed()
  }

  #signedOut(): void {
    this.stop()
    this.#options.onSignedOut()
  }

  #connectionChanged(): void {
    if (this.#connection.state === 'open') this.#open = new AbortController()
    else this.#open.abort()
    this.#changed()
  }

  #changed(): void {
    this.#status = this.#currentStatus()
    this.#options.onChange?.()
  }

  #currentStatus(): LiveStatus {
    const { state, failures } = this.#connection
    // A socket may look open for a while after its network has gone.
    if (!this.world.online()) return 'offline'
    if (state === 'open') return this.#catchingUp ? 'catching-up' : 'online'
    return failures > 0 ? 'away' : 'connecting'
  }
}
