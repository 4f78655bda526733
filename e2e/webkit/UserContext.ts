import { randomUUID } from 'node:crypto'
import { WebKitDriver } from './WebKitDriver.ts'
import { WebKitWindow } from './WebKitWindow.ts'

type Emit = (method: string, params: object) => void
export type Cookie = {
  name: string
  value: { value: string }
  domain: string
  path?: string
  httpOnly?: boolean
  secure?: boolean
  sameSite?: string
}

/** Cookies and storage of one person: a browser of its own. */
export class UserContext {
  readonly id = randomUUID()
  readonly windows: WebKitWindow[] = []
  readonly #emit: Emit
  readonly #scripts = new Map<string, string>()
  /** WebDriver takes a cookie only while a page of its host is open. */
  #cookies: Cookie[] = []
  #driver: WebKitDriver | undefined

  constructor(emit: Emit) {
    this.#emit = emit
  }

  async newWindow(display: string): Promise<WebKitWindow> {
    const handle = this.#driver ? await this.#newHandle(this.#driver) : undefined
    this.#driver ??= await WebKitDriver.start(display)
    const scripts = () => [...this.#scripts.values()]
    const window = new WebKitWindow(this.#driver, handle ?? this.#driver.firstWindow, this.#emit, scripts)
    this.windows.push(window)
    const told = { context: window.id, url: 'about:blank', userContext: this.id, children: null, originalOpener: null }
    this.#emit('browsingContext.contextCreated', { ...told, parent: null, clientWindow: window.id })
    await window.open()
    return window
  }

  async #newHandle(driver: WebKitDriver): Promise<string> {
    const window = this.windows.at(-1)
    if (!window) return driver.firstWindow
    // A tab behind another one draws nothing, and clicks wait for a picture.
    return (await window.command<{ handle: string }>('POST', '/window/new', { type: 'window' })).handle
  }

  addScript(functionDeclaration: string): string {
    const script = randomUUID()
    this.#scripts.set(script, functionDeclaration)
    return script
  }

  removeScript(script: string): void {
    this.#scripts.delete(script)
  }

  setCookie(cookie: Cookie): void {
    this.#cookies.push(cookie)
  }

  async navigate(window: WebKitWindow, url: string): Promise<string> {
    if (this.#cookies.length > 0) await window.unwatched(() => this.#giveCookies(window, new URL(url)))
    return window.navigate(() => window.command('POST', '/url', { url }), url)
  }

  async #giveCookies(window: WebKitWindow, { origin, hostname }: URL): Promise<void> {
    await window.command('POST', '/url', { url: `${origin}/robots.txt` })
    const given = this.#cookies.filter(({ domain }) => domain === hostname)
    this.#cookies = this.#cookies.filter((cookie) => !given.includes(cookie))
    for (const { name, value, path = '/', httpOnly = false, secure = false } of given)
      await window.command('POST', '/cookie', { cookie: { name, value: value.value, path, httpOnly, secure } })
  }

  async close(): Promise<void> {
    for (const window of this.windows.splice(0)) await window.close()
    await this.#driver?.stop()
  }
}
