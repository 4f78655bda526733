import type { BrowserContext, Page } from 'playwright-core'

/** Keeps every request, console error and breach of the content policy of a browser context. */
export class PageLog {
  readonly requests: string[] = []
  readonly #complaints: string[] = []
  readonly #expected: RegExp[] = []
  readonly #origin: string

  constructor(context: BrowserContext, origin: string) {
    this.#origin = origin
    context.on('request', (request) => this.requests.push(request.url()))
    context.on('page', (page) => this.#addSockets(page))
    context.on('weberror', (error) => this.#complaints.push(`thrown: ${String(error.error().stack ?? error.error())}`))
    context.on('console', (message) => {
      if (message.type() === 'error' || /Content.Security.Policy/i.test(message.text()))
        this.#complaints.push(`console: ${message.text()} (${message.location().url})`)
    })
  }

  async start(context: BrowserContext): Promise<void> {
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) => {
        console.error(`Content Security Policy: ${violatedDirective} ${blockedURI} in ${sourceFile}`)
      })
    })
  }

  /** Errors that a test causes itself: a browser writes each refused or failed request to its console. */
  expect(...complaints: RegExp[]): void {
    this.#expected.push(...complaints)
  }

  /** Requests to other hosts, and errors that the test did not expect. */
  complaints(): string[] {
    const foreign = this.requests.filter((url) => !this.#isOwn(url)).map((url) => `foreign request: ${url}`)
    const unexpected = this.#complaints.filter((each) => !this.#expected.some((pattern) => pattern.test(each)))
    return [...foreign, ...unexpected]
  }

  /** Forgets what was kept and what is expected, before the next test uses the same browser context. */
  clear(): void {
    for (const list of [this.requests, this.#complaints, this.#expected]) list.length = 0
  }

  #addSockets(page: Page): void {
    page.on('websocket', (socket) => this.requests.push(socket.url()))
  }

  #isOwn(url: string): boolean {
    if (/^(blob|data|about|chrome):/.test(url)) return true
    return new URL(url.replace(/^ws/, 'http')).origin === this.#origin
  }
}

/** Console errors while there is no network, or no server. */
export const networkTrouble =
  /ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_(REFUSED|RESET|CLOSED|ABORTED)|ERR_NETWORK_|ERR_EMPTY_RESPONSE|WebSocket connection to|connection to (the server at )?ws:/
/** The console error of an answer with this status. */
export const refused = (status: number) => new RegExp(`status of ${status}`)
