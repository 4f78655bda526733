import type { ErrorCode } from '@veche/shared/errors'
import type { UserId } from '@veche/shared/ids'
import type { ChangesFrame, LiveFrame, Signal } from '@veche/shared/live'
import type { PersonRow } from '@veche/shared/rows/rows'
import { appError } from '../api/error.ts'
import { applyPositions } from '../store/merge/read-positions.ts'
import type { Store } from '../store/Store.ts'
import { Connection } from './connection/Connection.ts'
import type { LiveApi } from './connection/live-api.ts'
import type { Environment } from './environment.ts'
import { HistoryPages } from './HistoryPages.ts'
import type { CommandKinds } from './outbox/command-kinds.ts'
import { Outbox } from './outbox/Outbox.ts'
import { UploadProgress } from './outbox/UploadProgress.ts'
import { ReadPositions } from './ReadPositions.ts'
import { CatchUp, type ListingProgress } from './receiver/CatchUp.ts'
import { RowReceiver } from './receiver/RowReceiver.ts'
import { ServerClock } from './ServerClock.ts'
import { Signals } from './Signals.ts'

/** unreachable: there is a network, but the server does not answer. */
export type LiveStatus = 'online' | 'connecting' | 'offline' | 'unreachable' | 'catching-up'

export type LiveClientOptions = {
  store: Store
  api: LiveApi
  environment: Environment
  /** An answer or the live stream said that the session is over. */
  onSignedOut: () => void
  /** The server refused a small change that was shown already. */
  onDropped?: (why: ErrorCode) => void
  /** Replaces what is known of the kinds of commands. */
  kinds?: CommandKinds
  /** The status, who is typing, or who is online has changed. */
  onChange?: () => void
  /** The live stream brought these rows of the directory, also of people whom this device does not keep. */
  onDirectory?: (people: PersonRow[]) => void
}

/** Keeps a store equal to the server, and sends what was written. It knows no screen. */
export class LiveClient {
  readonly store: Store
  readonly api: LiveApi
  readonly environment: Environment
  readonly rowReceiver: RowReceiver
  readonly outbox: Outbox
  readonly uploadProgress: UploadProgress
  readonly readPositions: ReadPositions
  readonly historyPages: HistoryPages
  readonly signals: Signals
  readonly clock: ServerClock
  readonly #connection: Connection
  readonly #catchUp: CatchUp
  readonly #options: LiveClientOptions
  readonly #meetingListeners = new Set<(frame: ChangesFrame) => void>()
  /** Aborts when the socket is lost. */
  #connected = new AbortController()
  #isSendingStalled = false
  #status: LiveStatus = 'connecting'
  #unsubscribe: (() => void)[] = []

  constructor(options: LiveClientOptions) {
    const { store, api, environment } = options
    this.#options = options
    this.store = store
    this.api = api
    this.environment = environment
    this.clock = new ServerClock(environment)
    const onSignedOut = () => this.#endSession()
    const onChange = () => this.#changed()
    const receiverDeps = { store, api, environment, onSignedOut, connection: () => this.#connected.signal }
    this.rowReceiver = new RowReceiver(receiverDeps)
    this.historyPages = new HistoryPages({ store, api, environment, rowReceiver: this.rowReceiver })
    this.readPositions = new ReadPositions({ store, api, environment })
    this.uploadProgress = new UploadProgress(onChange)
    this.outbox = new Outbox({
      store,
      api,
      uploadProgress: this.uploadProgress,
      environment,
      kinds: options.kinds,
      clock: this.clock,
      reportReadPositions: () => this.readPositions.reportNow(),
      onSignedOut,
      onDropped: (why) => options.onDropped?.(why),
    })
    this.signals = new Signals(environment, onChange)
    this.#catchUp = new CatchUp({
      ...receiverDeps,
      rowReceiver: this.rowReceiver,
      onServerTime: (now) => this.clock.set(now),
      onChange,
      onCaughtUp: () => this.readPositions.report(),
    })
    this.#connection = new Connection(api, environment, {
      frame: (frame) => this.#handleFrame(frame),
      changed: () => this.#connectionChanged(),
      failed: () => void this.#checkSession(),
      signedOut: onSignedOut,
    })
  }

  get status(): LiveStatus {
    return this.#status
  }

  /** Null when the list of chats is complete on this device. */
  get listing(): ListingProgress | null {
    return this.#catchUp.listing
  }

  start(): void {
    this.#unsubscribe = [
      // Another backend may hold less than the one before, so what is missing is fetched anew.
      this.store.on('fallback', () => this.#connection.restart()),
      this.store.on('stalled', (isStalled) => {
        this.#isSendingStalled = isStalled
        this.#changed()
      }),
      this.environment.onNetwork(() => this.#networkChanged()),
    ]
    this.#connection.start()
    this.historyPages.start()
    this.outbox.start()
  }

  /** Connects now, as somebody asked for it. */
  reconnect(): void {
    this.#connection.restart()
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe()
    this.#connected.abort()
    this.#connection.stop()
    this.#catchUp.stop()
    this.outbox.stop()
    this.historyPages.stop()
    this.readPositions.stop()
    this.rowReceiver.stop()
    this.signals.clearAllTyping()
  }

  /** Frames of a meeting are not stored; they come while I have a seat in it. Returns a function that unsubscribes. */
  onMeeting(listener: (frame: ChangesFrame) => void): () => void {
    this.#meetingListeners.add(listener)
    return () => this.#meetingListeners.delete(listener)
  }

  async fetchPresence(ids: UserId[]): Promise<void> {
    if (ids.length > 0) this.signals.setPresence(...(await this.api.presence(ids)))
  }

  /** Resolves when the store holds what the server had after the last hello. */
  async caughtUp(): Promise<void> {
    await this.#catchUp.whenIdle()
    await this.rowReceiver.whenIdle()
  }

  #handleFrame(frame: LiveFrame): void {
    if (frame.type === 'changes') this.#handleChanges(frame)
    else if (frame.type === 'signal') void this.#handleSignal(frame.signal)
    else {
      this.clock.set(frame.now)
      this.#catchUp.request()
      this.store.tellStalled(false)
      this.outbox.retryNow()
    }
  }

  #handleChanges(frame: ChangesFrame): void {
    if (frame.scope === 'meeting') return this.#meetingListeners.forEach((listener) => listener(frame))
    if (frame.scope === 'directory') this.#options.onDirectory?.(frame.rows.people ?? [])
    for (const { chatId, authorId, system } of frame.rows.messages ?? []) {
      this.signals.clearTyping(chatId, authorId)
      if (system?.event === 'removed') this.signals.clearTyping(chatId, system.userId)
    }
    this.rowReceiver.receive(frame)
  }

  async #handleSignal(signal: Signal): Promise<void> {
    const me = this.store.userId
    if (signal.kind === 'presence') this.signals.setPresence(signal)
    else if (signal.kind === 'meeting') this.signals.setMeeting(signal)
    else if (signal.userId === me) return
    else if (signal.kind === 'typing') this.signals.setTyping(signal.chatId, signal.userId)
    else await this.store.merge((merge) => applyPositions(merge, signal.chatId, signal), ['scopes'])
  }

  /** A socket may be refused because the session is over; the answer to a query tells. */
  async #checkSession(): Promise<void> {
    try {
      const user = await this.store.read((tx) => tx.get('scopes', this.store.userId), ['scopes'])
      await this.api.scope(this.store.userId, user?.rev ?? 0)
    } catch (thrown) {
      if (appError(thrown).code === 'auth.required') this.#endSession()
    }
  }

  #networkChanged(): void {
    this.outbox.retryNow()
    this.#changed()
  }

  #endSession(): void {
    this.stop()
    this.#options.onSignedOut()
  }

  #connectionChanged(): void {
    if (this.#connection.state === 'open') this.#connected = new AbortController()
    else this.#connected.abort()
    this.#changed()
  }

  #changed(): void {
    this.#status = this.#currentStatus()
    this.#options.onChange?.()
  }

  #currentStatus(): LiveStatus {
    const { state, failures } = this.#connection
    // After the network is lost, the socket looks open for a while.
    if (!this.environment.online()) return 'offline'
    // A server whose database hangs still holds its sockets open.
    if (this.#isSendingStalled) return 'unreachable'
    if (state === 'open') return this.#catchUp.isRunning ? 'catching-up' : 'online'
    return failures > 0 ? 'unreachable' : 'connecting'
  }
}
