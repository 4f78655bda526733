import type { ErrorCode } from '@veche/shared/errors'
import type { ChatId, UserId } from '@veche/shared/ids'
import { onTestFinished } from 'vitest'
import type { LiveApi } from '../live/connection/live-api.ts'
// The app loads it with the first hello: to load it for the first time would take longer than a test waits.
import '../live/receiver/fetch-changes.ts'
import '../live/outbox/CommandSender.ts'
import '../live/receiver/ScopeFetcher.ts'
import type { CommandKinds } from '../live/outbox/command-kinds.ts'
import type { Environment } from '../live/environment.ts'
import { LiveClient } from '../live/LiveClient.ts'
import { readClientState, type ChatState } from '../live/state-dump.ts'
import { Store } from '../store/Store.ts'
import type { CallFaults, FakeNetwork } from './FakeNetwork.ts'
import type { TestEnvironment } from './TestEnvironment.ts'

export type TestTabOptions = {
  faults?: CallFaults
  /** Replaces parts of the environment of this tab. */
  environment?: Partial<Environment>
  device?: string
  /** Replaces calls of the API. */
  wrapApi?: (api: LiveApi) => LiveApi
  /** Replaces what is known of the kinds of commands. */
  kinds?: CommandKinds
  /** Called before the engine starts, as a screen reads the store. */
  watch?: (store: Store) => void
}

/** One tab of one person: the real store and the real engine, connected to the fake server. It is killed when the test ends. */
export class TestTab {
  readonly live: LiveClient
  readonly store: Store
  signedOut = 0
  /** Why the server refused small changes. */
  readonly dropped: ErrorCode[] = []

  static async open(
    test: TestEnvironment,
    network: FakeNetwork,
    userId: UserId,
    options: TestTabOptions = {},
  ): Promise<TestTab> {
    const environment = test.forTab(options.environment)
    const { indexedDB: factory, channel, after } = environment
    const store = await Store.open({ userId, factory, channel, after, device: options.device })
    options.watch?.(store)
    const api = network.apiFor(userId, options.faults)
    const tab = new TestTab(store, options.wrapApi?.(api) ?? api, environment, options.kinds)
    onTestFinished(() => tab.kill())
    tab.live.start()
    return tab
  }

  private constructor(store: Store, api: LiveApi, environment: Environment, kinds: CommandKinds | undefined) {
    this.store = store
    this.live = new LiveClient({
      store,
      api,
      environment,
      onSignedOut: () => (this.signedOut += 1),
      onDropped: (why) => this.dropped.push(why),
      ...(kinds ? { kinds } : {}),
    })
  }

  async chat(id: ChatId): Promise<ChatState | undefined> {
    return (await readClientState(this.store)).chats[id]
  }

  async bodies(id: ChatId): Promise<(string | null)[]> {
    return (await this.chat(id))?.messages.filter((row) => row.kind === 'text').map((row) => row.body) ?? []
  }

  /** Stops the tab in the middle of its work, as a browser does. */
  kill(): void {
    this.live.stop()
    this.store.close()
  }
}
