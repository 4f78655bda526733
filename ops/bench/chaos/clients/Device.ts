import type { ChatId } from '@veche/shared/ids'
import type { Person } from '../../installation/people.ts'
import { ApiRecorder } from './ApiRecorder.ts'
import { Engine, type EngineEnvironment } from './engine.ts'
import type { Random } from '../Random.ts'
import type { StormRecord } from '../record/record.ts'
import { StoreRecorder } from './StoreRecorder.ts'

export type DeviceOptions = {
  name: string
  person: Person
  url: string
  /** The IndexedDB of the device; without it each tab starts empty. */
  disk: IDBFactory | undefined
  random: Random
  record: StormRecord
}

/** Pauses between retries are shorter than in production, because a storm of minutes stands for days. */
const pauseScale = 0.3

/** One device of a person: the app's engine in a tab that can be killed and opened again. */
export class Device {
  readonly name: string
  readonly person: Person
  readonly #options: DeviceOptions
  readonly #apiRecorder: ApiRecorder
  readonly #storeRecorder: StoreRecorder
  readonly #written = new Map<ChatId, number>()
  #engine!: Engine
  #unwatch = () => undefined as void
  /** Actions of a device run one after the other. */
  #hand: Promise<unknown> = Promise.resolve()

  static async open(options: DeviceOptions): Promise<Device> {
    const device = new Device(options)
    await device.#openTab()
    return device
  }

  private constructor(options: DeviceOptions) {
    this.#options = options
    this.name = options.name
    this.person = options.person
    this.#apiRecorder = new ApiRecorder(options.name, options.person.userId, options.record)
    this.#storeRecorder = new StoreRecorder(options.name, options.record.stepsBack)
  }

  get engine(): Engine {
    return this.#engine
  }

  get online(): boolean {
    return this.#engine.status === 'online'
  }

  get keeps(): boolean {
    return this.#options.disk !== undefined
  }

  /** Kills the tab at any moment; what was not stored is lost. */
  killTab(): Promise<void> {
    return this.#inTurn(async () => {
      this.close()
      await this.#openTab()
    })
  }

  close(): void {
    this.#unwatch()
    this.#apiRecorder.onlineSince = null
    this.#engine.close()
  }

  write(chatId: ChatId, body: string): Promise<void> {
    return this.#inTurn(async () => {
      const order = (this.#written.get(chatId) ?? 0) + 1
      this.#written.set(chatId, order)
      const clientId = await this.#engine.send(chatId, body)
      const author = this.person.userId
      this.#options.record.composed.push({ clientId, device: this.name, author, chatId, body, order })
    })
  }

  /** Waits for a tab that was killed to be open again. */
  chats(): Promise<{ id: ChatId; top: number; first: number }[]> {
    return this.#inTurn(async () => {
      const scopes = await this.#engine.live.store.read((tx) => tx.all('scopes'))
      return scopes.flatMap((scope) =>
        scope.kind === 'chat' ? [{ id: scope.id, top: scope.top, first: scope.ranges[0]?.[0] ?? 0 }] : [],
      )
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#hand.then(work)
    this.#hand = done.catch(() => undefined)
    return done
  }

  async #openTab(): Promise<void> {
    const { person, url, name, disk, random } = this.#options
    const environment: Partial<EngineEnvironment> = { random: () => random.next() * pauseScale, indexedDB: disk }
    this.#engine = await Engine.open({
      url,
      environment,
      cookie: person.cookie,
      userId: person.userId,
      device: name,
      wrapApi: (api) => this.#apiRecorder.listen(api),
      onChange: () => this.#statusChanged(),
    })
    const { store } = this.#engine.live
    if (disk && store.fallbackReason) throw new Error(`${name} keeps nothing: its database is ${store.fallbackReason}`)
    this.#unwatch = this.#storeRecorder.follow(store)
  }

  #statusChanged(): void {
    // The first status arrives before `open` has returned the engine.
    const online = this.#engine?.status === 'online'
    if (!online) this.#apiRecorder.onlineSince = null
    else this.#apiRecorder.onlineSince ??= Date.now()
  }
}
