import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { type PageAnswer, type PageRequest, pageScript, type RemoteValue } from './page-script.ts'
import { WebDriverError, type WebKitDriver } from './WebKitDriver.ts'

type Emit = (method: string, params: object) => void
export type ScriptCall = {
  functionDeclaration: string
  arguments?: RemoteValue[]
  resultOwnership?: 'root' | 'none'
}
type Result = { value: RemoteValue } | { error: string }

const WAIT_MS = 20
const LOOK_EVERY_MS = 100

/** A tab, as BiDi tells of it: each document has a realm of its own, and what the page does by itself is found by looking. */
export class WebKitWindow {
  readonly id = randomUUID()
  readonly #driver: WebKitDriver
  readonly #handle: string
  readonly #emit: Emit
  readonly #preloadScripts: () => string[]
  readonly #calls = new Map<number, (result: Result) => void>()
  #nextCall = 1
  #document = ''
  #url = 'about:blank'
  #navigation: string | null = null
  #loading = false
  #closed = false
  #unwatched = false

  constructor(driver: WebKitDriver, handle: string, emit: Emit, preloadScripts: () => string[]) {
    this.#driver = driver
    this.#handle = handle
    this.#emit = emit
    this.#preloadScripts = preloadScripts
  }

  /** Tells of its first document, and looks at it from then on. */
  async open(): Promise<void> {
    await this.#ask({ waitMs: 0 })
    void this.#watch()
  }

  get url(): string {
    return this.#url
  }

  /** Playwright keeps a world of its own beside that of the page; here both are the same. */
  realm(sandbox: boolean): string {
    return sandbox ? `${this.#document} sandbox` : this.#document
  }

  command<T = unknown>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<T> {
    return this.#driver.command<T>(this.#handle, method, path, body)
  }

  /** Does something in the window of which nothing is told. */
  async unwatched(work: () => Promise<void>): Promise<void> {
    this.#unwatched = true
    await work().finally(() => (this.#unwatched = false))
  }

  /** Resolves when the page is loaded. */
  async navigate(go: () => Promise<unknown>, url = this.#url): Promise<string> {
    const navigation = (this.#navigation = randomUUID())
    this.#emit('browsingContext.navigationStarted', { context: this.id, navigation, url, timestamp: Date.now() })
    await go()
    await this.#ask({ waitMs: 0 })
    return navigation
  }

  /** Goes a step through the history. The step may lead to the same address, which looking does not find. */
  async traverse(delta: number): Promise<void> {
    const [document, url] = [this.#document, this.#url]
    await this.command('POST', delta < 0 ? '/back' : '/forward')
    await this.#ask({ waitMs: 0 })
    if (this.#document === document && this.#url === url)
      this.#emit('browsingContext.historyUpdated', { context: this.id, url, timestamp: Date.now() })
  }

  /** Calls a function in the document that is open now. It fails when the page leaves that document. */
  async call({ functionDeclaration, arguments: given = [], resultOwnership }: ScriptCall): Promise<Result> {
    const id = this.#nextCall
    this.#nextCall += 1
    const { promise, resolve } = Promise.withResolvers<Result>()
    this.#calls.set(id, resolve)
    const call = { id, arguments: given, byHandle: resultOwnership === 'root' }
    const document = this.#document
    const answer = await this.#ask({ document, call, waitMs: WAIT_MS }, functionDeclaration)
    if (answer.document !== document) this.#fail(id)
    while (this.#calls.has(id) && !this.#closed) await this.#ask({ waitMs: WAIT_MS })
    return promise
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.command('DELETE', '/window').catch(() => undefined)
    this.#forgetCalls()
    this.#emit('browsingContext.contextDestroyed', { context: this.id, url: this.#url, children: null, parent: null })
  }

  async #watch(): Promise<void> {
    while (!this.#closed) {
      if (!this.#unwatched) await this.#ask({ waitMs: 0 }).catch(() => undefined)
      await pause(LOOK_EVERY_MS)
    }
  }

  async #ask(request: Omit<PageRequest, 'name'>, functionDeclaration?: string): Promise<PageAnswer> {
    const args = [{ ...request, name: randomUUID() }]
    for (;;)
      try {
        const script = pageScript(functionDeclaration)
        const answer = JSON.parse(await this.command<string>('POST', '/execute/async', { script, args })) as PageAnswer
        this.#learn(answer)
        return answer
      } catch (error) {
        // The page left its document while the script ran in it.
        const left = error instanceof WebDriverError && !/no such window|invalid session/.test(error.code)
        if (!left || this.#closed) throw error
        if (functionDeclaration) throw error
        await pause(WAIT_MS)
      }
  }

  #learn({ document, url, state, results }: PageAnswer): void {
    if (document !== this.#document) this.#enter(document, url)
    else if (url !== this.#url) {
      this.#emit('browsingContext.historyUpdated', { context: this.id, url, timestamp: Date.now() })
    }
    this.#url = url
    if (this.#loading && state === 'complete') {
      this.#loading = false
      for (const event of ['domContentLoaded', 'load'])
        this.#emit(`browsingContext.${event}`, { context: this.id, navigation: this.#navigation, url, timestamp: 0 })
      this.#navigation = null
    }
    for (const { id, value, error } of results) {
      this.#calls.get(id)?.(value ? { value } : { error: error ?? '' })
      this.#calls.delete(id)
    }
  }

  #enter(document: string, url: string): void {
    if (this.#document) {
      for (const sandbox of [false, true]) this.#emit('script.realmDestroyed', { realm: this.realm(sandbox) })
      this.#forgetCalls()
      const isOwn = this.#navigation === null
      const navigation = (this.#navigation ??= randomUUID())
      const told = { context: this.id, navigation, url, timestamp: Date.now() }
      if (isOwn) this.#emit('browsingContext.navigationStarted', told)
      this.#emit('browsingContext.navigationCommitted', told)
    }
    this.#document = document
    this.#loading = true
    this.#emit('script.realmCreated', {
      type: 'window',
      context: this.id,
      realm: document,
      origin: new URL(url).origin,
    })
    for (const functionDeclaration of this.#preloadScripts()) this.call({ functionDeclaration }).catch(() => undefined)
  }

  #forgetCalls(): void {
    for (const id of [...this.#calls.keys()]) this.#fail(id)
  }

  #fail(id: number): void {
    this.#calls.get(id)?.({ error: 'Error: Execution context was destroyed' })
    this.#calls.delete(id)
  }
}
