import type { BrowserContext, Page } from 'playwright-core'

/** Sees every request, every complaint of the console and every breach of the content policy in a browser context. */
export class Witness {
  readonly requests: string[] = []
  readonly #complaints: string[] = []
  readonly #expected: RegExp[] = []
  readonly #origin: string

  constructor(context: BrowserContext, origin: string) {
    this.#origin = origin
    context.on('request', (request) => this.requests.push(request.url()))
    context.on('page', (page) => this.#attend(page))
    context.on('weberror', (error) => this.#complaints.push(`thrown: ${String(error.error().stack ?? error.error())}`))
    context.on('console', (message) => {
      if (message.type() === 'error' || /Content.Security.Policy/i.test(message.text()))
        this.#complaints.push(`console: ${message.text()} (${message.location().url})`)
    })
  }

  async begin(context: BrowserContext): Promise<void> {
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) => {
        console.error(`Content Security Policy: ${violatedDirective} ${blockedURI} in ${sourceFile}`)
      })
    })
  }

  /** Trouble that a test brings about itself: a browser writes each refused or failed request to its console. */
  expect(...complaints: RegExp[]): void {
    this.#expected.push(...complaints)
  }

  complaints(): string[] {
    const foreign = this.requests.filter((url) => !this.#isOwn(url)).map((url) => `foreign request: ${url}`)
    const unexpected = this.#complaints.filter((each) => !this.#expected.some((pattern) => pattern.test(each)))
    return [...foreign, ...unexpected]
  }

  /** What it has seen counts no longer, and nothing is expected any more. */
  beginAnew(): void {
    for (const list of [this.requests, this.#complaints, this.#expected]) list.length = 0
  }

  #attend(page: Page): void {
    page.on('websocket', (socket) => this.requests.push(socket.url()))
  }

  #isOwn(url: string): boolean {
    if (/^(blob|data|about|chrome):/.test(url)) return true
    return new URL(url.replace(/^ws/, 'http')).origin === this.#origin
  }
}

/** What the console says while there is no network, or no server. */
export const networkTrouble =
  /ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_(REFUSED|RESET|CLOSED|ABORTED)|ERR_NETWORK_|ERR_EMPTY_RESPONSE|WebSocket connection to/
/** What the console says when an answer is an error. */
export const refused = (status: number) => new RegExp(`status of ${status}`)
