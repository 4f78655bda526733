import { createTRPCClient, httpBatchLink, type TRPCClient } from '@trpc/client'
import type { AppRouter } from '@veche/api/router'
import type { ClientId, ChatId, UserId } from '@veche/shared/ids'
import { appError } from '../api/error.ts'
import { Store } from '../store/Store.ts'
import type { LiveApi } from './connection/live-api.ts'
import { trpcLiveApi } from './connection/trpc-live-api.ts'
import { defaultEnvironment, type Environment } from './environment.ts'
import { LiveClient, type LiveStatus } from './LiveClient.ts'
import { readClientState, type ClientState } from './state-dump.ts'

export type HeadlessOptions = {
  /** Where the server is, for instance http://localhost:8080. */
  url: string
  /** The session's cookie as a browser would send it: `veche=…`. */
  cookie: string
  userId: UserId
  /** Distinguishes two devices of one person. */
  device?: string
  /** Replaces the clock, the network or the locks; with `indexedDB`, rows are kept there instead of in memory. */
  environment?: Partial<Environment>
  /** Replaces calls, for instance to lose or delay answers. */
  wrapApi?: (api: LiveApi) => LiveApi
  onSignedOut?: () => void
  onChange?: () => void
}

/** The client that the app is built on, without a screen: for benchmarks. */
export class HeadlessClient {
  readonly live: LiveClient
  readonly trpc: TRPCClient<AppRouter>

  static async open(options: HeadlessOptions): Promise<HeadlessClient> {
    const environment = defaultEnvironment(options.environment)
    const { userId, device } = options
    const { indexedDB: factory, channel, after } = environment
    const store = await Store.open({ userId, device, factory, channel, after })
    const client = new HeadlessClient(options, store, environment)
    client.live.start()
    return client
  }

  private constructor(
    { url, cookie, wrapApi, onSignedOut, onChange }: HeadlessOptions,
    store: Store,
    environment: Environment,
  ) {
    const headers = { cookie, origin: url, 'x-veche': '1' }
    this.trpc = createTRPCClient<AppRouter>({
      links: [httpBatchLink({ url: `${url}/api/trpc`, headers, maxURLLength: 7_500 })],
    })
    const api = trpcLiveApi(this.trpc, {
      url: () => `${url.replace(/^http/, 'ws')}/api/trpc`,
      WebSocket: socketWith({ cookie, origin: url }),
    })
    this.live = new LiveClient({
      store,
      api: wrapApi ? wrapApi(api) : api,
      environment,
      onSignedOut: onSignedOut ?? (() => undefined),
      ...(onChange ? { onChange } : {}),
    })
  }

  get status(): LiveStatus {
    return this.live.status
  }

  /** Resolves when the message is in the outbox. It is sent until the server answers. */
  send(chatId: ChatId, text: string): Promise<ClientId> {
    return this.live.outbox.addMessage(chatId, text)
  }

  /** What this device holds, comparable with a fresh fetch. */
  state(): Promise<ClientState> {
    return readClientState(this.live.store)
  }

  /** Creates a group. When this resolves, the store holds it. */
  async createGroup(id: ChatId, title: string, userIds: UserId[]): Promise<void> {
    await this.trpc.chats.createGroup.mutate({ id, title, userIds }).catch((thrown: unknown) => {
      throw appError(thrown)
    })
    this.live.rowReceiver.requestScope(id)
    await this.live.caughtUp()
  }

  close(): void {
    this.live.stop()
    this.live.store.close()
  }
}

/** Node's WebSocket takes headers; a browser's does not. */
function socketWith(headers: Record<string, string>): typeof WebSocket {
  return class extends WebSocket {
    constructor(url: string | URL) {
      super(url, { headers } as unknown as string[])
    }
  }
}
