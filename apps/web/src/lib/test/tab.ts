import type { ChatId, UserId } from '@veche/shared/ids'
import { LiveClient } from '../live/LiveClient.ts'
import type { LiveApi } from '../live/api.ts'
import { stateOf, type ChatState } from '../live/state-dump.ts'
import type { World } from '../live/world.ts'
import { Store } from '../store/Store.ts'
import type { Weather, Wire } from './wire.ts'
import type { TestWorld } from './world.ts'

export type TabOptions = {
  weather?: Weather
  world?: Partial<World>
  device?: string
  through?: (api: LiveApi) => LiveApi
  /** Called before the engine starts, as a screen would look. */
  watch?: (store: Store) => void
}

/** One tab of one person: the real store and the real engine on a wire of the model. */
export class Tab {
  readonly live: LiveClient
  readonly store: Store
  signedOut = 0

  static async open(test: TestWorld, wire: Wire, userId: UserId, options: TabOptions = {}): Promise<Tab> {
    const world = test.tab(options.world)
    const { indexedDB: factory, channel } = world
    const store = await Store.open({ userId, factory, channel, device: options.device })
    options.watch?.(store)
    const api = wire.apiFor(userId, options.weather)
    const tab = new Tab(store, options.through?.(api) ?? api, world)
    tab.live.start()
    return tab
  }

  private constructor(store: Store, api: LiveApi, world: World) {
    this.store = store
    this.live = new LiveClient({ store, api, world, onSignedOut: () => (this.signedOut += 1) })
  }

  async chat(id: ChatId): Promise<ChatState | undefined> {
    return (await stateOf(this.store)).chats[id]
  }

  async bodies(id: ChatId): Promise<(string | null)[]> {
    return (await this.chat(id))?.messages.filter((row) => row.kind === 'text').map((row) => row.body) ?? []
  }

  /** As when a browser ends a tab: nothing is finished. */
  kill(): void {
    this.live.stop()
    this.store.close()
  }
}
