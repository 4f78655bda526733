import { createTRPCClient, httpBatchLink, type TRPCClient } from '@trpc/client'
import type { AppRouter } from '@veche/api/router'
import type { ClientId, ChatId, UserId } from '@veche/shared/ids'
import { appError } from '../api/error.ts'
import { Store } from '../store/Store.ts'
import type { LiveApi } from './api.ts'
import { LiveClient, type LiveStatus } from './LiveClient.ts'
import { stateOf, type ClientState } from './state-dump.ts'
import { liveApi } from './trpc.ts'
import { plainWorld, type World } from './world.ts'

export type HeadlessOptions = {
  /** Where the server is, for instance http://localhost:8080. */
  url: string
  /** The session's cookie as a browser would send it: `__Host-veche=…`. */
  cookie: string
  userId: UserId
  /** Tells two devices of one person apart. */
  device?: string
  /** Clock, network, locks; `indexedDB` to keep rows elsewhere than in memory. */
  world?: Partial<World>
  /** Puts a hand on the calls: to lose answers, to delay them. */
  through?: (api: LiveApi) => LiveApi
  onSignedOut?: () => void
  onChange?: () => void
}

/** The very client that the app is built on, without a screen. */
export class HeadlessClient {
  readonly live: LiveClient
  readonly trpc: TRPCClient<AppRouter>

  static async open(options: HeadlessOptions): Promise<HeadlessClient> {
    const world = plainWorld(options.world)
    const { userId, device } = options
    const store = await Store.open({ userId, device, factory: world.indexedDB, channel: world.channel })
    const client = new HeadlessClient(options, store, world)
    client.live.start()
    return client
  }

  private constructor({ url, cookie, through, onSignedOut, onChange }: HeadlessOptions, store: Store, world: World) {
    const headers = { cookie, origin: url, 'x-veche': '1' }
    this.trpc = createTRPCClient<AppRouter>({
      links: [httpBatchLink({ url: `${url}/api/trpc`, headers, maxURLLength: 7_500 })],
    })
    const api = liveApi(this.trpc, {
      url: () => `${url.replace(/^http/, 'ws')}/api/trpc`,
      WebSocket: socketWith({ cookie, origin: url }),
    })
    this.live = new LiveClient({
      store,
      api: through ? through(api) : api,
      world,
      onSignedOut: onSignedOut ?? (() => undefined),
      ...(onChange ? { onChange } : {}),
    })
  }

  get status(): LiveStatus {
    return this.live.status
  }

  /** Resolves when it is in the outbox; it is sent and sent again until the server has answered. */
  send(chatId: ChatId, text: string): Promise<ClientId> {
    return this.live.outbox.add(chatId, text)
  }

  /** What this device holds, in a form that can be compared with a fresh fetch. */
  state(): Promise<ClientState> {
    return stateOf(this.live.store)
  }

  /** A new group, held as soon as this resolves. */
  async createGroup(id: ChatId, title: string, userIds: UserId[]): Promise<void> {
    await this.trpc.chats.createGroup.mutate({ id, title, userIds }).catch((thrown: unknown) => {
      throw appError(thrown)
    })
    this.live.intake.ask(id)
    await this.live.caughtUp()
  }

  close(): void {
    this.live.stop()
    this.live.store.close()
  }
}

/** Node's own WebSocket takes headers, which a browser's never would. */
function socketWith(headers: Record<string, string>): typeof WebSocket {
  return class extends WebSocket {
    constructor(url: string | URL) {
      super(url, { headers } as unknown as string[])
    }
  }
}
