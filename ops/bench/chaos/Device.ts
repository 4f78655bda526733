import type { ChatId } from '@veche/shared/ids'
import type { Person } from '../stage/people.ts'
import { Ear } from './Ear.ts'
import { Engine, type EngineEnvironment } from './engine.ts'
import type { Random } from './Random.ts'
import type { StormRecord } from './record.ts'
import { Watch } from './Watch.ts'

export type DeviceOptions = {
  name: string
  person: Person
  url: string
  /** Where it keeps things beyond the life of a tab; without it each tab begins anew. */
  disk: IDBFactory | undefined
  random: Random
  record: StormRecord
}

/** Pauses between tries are this much shorter than in life: a storm of minutes has to hold the troubles of days. */
const hurry = 0.3

/** One person's phone or computer: the engine of the app in a tab that may be killed and opened again. */
export class Device {
  readonly name: string
  readonly person: Person
  readonly #options: DeviceOptions
  readonly #ear: Ear
  readonly #watch: Watch
  readonly #written = new Map<ChatId, number>()
  #engine!: Engine
  #unwatch = () => undefined as void
  /** One thing after the other: a person writes with two thumbs, and a tab dies between two letters. */
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
    this.#ear = new Ear(options.name, options.person.userId, options.record)
    this.#watch = new Watch(options.name, options.record.stepsBack)
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

  /** In the middle of whatever it does. What it has not kept is gone with it. */
  killTab(): Promise<void> {
    return this.#inTurn(async () => {
      this.close()
      await this.#openTab()
    })
  }

  close(): void {
    this.#unwatch()
    this.#ear.onlineSince = null
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

  async chats(): Promise<{ id: ChatId; top: number; first: number }[]> {
    const scopes = await this.#engine.live.store.read((tx) => tx.all('scopes'))
    return scopes.flatMap((scope) =>
      scope.kind === 'chat' ? [{ id: scope.id, top: scope.top, first: scope.ranges[0]?.[0] ?? 0 }] : [],
    )
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#hand.then(work)
    this.#hand = done.catch(() => undefined)
    return done
  }

  async #openTab(): Promise<void> {
    const { person, url, name, disk, random } = this.#options
    const environment: Partial<EngineEnvironment> = { random: () => random.next() * hurry, indexedDB: disk }
    this.#engine = await Engine.open({
      url,
      environment,
      cookie: person.cookie,
      userId: person.userId,
      device: name,
      wrapApi: (api) => this.#ear.listen(api),
      onChange: () => this.#statusChanged(),
    })
    const { store } = this.#engine.live
    if (disk && store.fallbackReason) throw new Error(`${name} keeps nothing: its database is ${store.fallbackReason}`)
    this.#unwatch = this.#watch.follow(store)
  }

  #statusChanged(): void {
    // The first status comes before the engine itself.
    const online = this.#engine?.status === 'online'
    if (!online) this.#ear.onlineSince = null
    else this.#ear.onlineSince ??= Date.now()
  }
}
