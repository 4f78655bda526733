import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Child, startChild } from '../../ops/cli/child.ts'
import { freePorts } from '../installation/free-ports.ts'

/** The driver of WebKitGTK speaks the older WebDriver: a request for each command, and one after the other. */
export class WebKitDriver {
  readonly #child: Child
  readonly #url: string
  #session = ''
  #window = ''
  #last: Promise<unknown> = Promise.resolve()

  private constructor(child: Child, url: string) {
    this.#child = child
    this.#url = url
  }

  /** A browser of its own, with an empty profile. */
  static async start(display: string): Promise<WebKitDriver> {
    const [port] = await freePorts(1)
    const child = startChild('WebKitWebDriver', [`--port=${port}`], {
      env: { ...process.env, DISPLAY: display, GDK_BACKEND: 'x11', LANGUAGE: 'en_US:en', NO_AT_BRIDGE: '1' },
      stdio: ['ignore', 'ignore', 'inherit'],
      orphanSignal: 'TERM',
    })
    const driver = new WebKitDriver(child, `http://127.0.0.1:${port}`)
    while (!(await fetch(`${driver.#url}/status`).catch(() => undefined))?.ok) {
      if (!child.running()) throw new Error('WebKitWebDriver did not start')
      await pause(20)
    }
    const browser = { binary: miniBrowser(), args: ['--automation'] }
    const capabilities = { alwaysMatch: { acceptInsecureCerts: true, 'webkitgtk:browserOptions': browser } }
    const { sessionId } = await driver.#request<{ sessionId: string }>('POST', '/session', { capabilities })
    driver.#session = `/session/${sessionId}`
    await driver.#request('POST', `${driver.#session}/timeouts`, { script: 600_000, pageLoad: 600_000, implicit: 0 })
    driver.#window = await driver.#request('GET', `${driver.#session}/window`)
    return driver
  }

  get firstWindow(): string {
    return this.#window
  }

  /** Runs a command in a window, after those that were given before. */
  command<T = unknown>(window: string, method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<T> {
    const result = this.#last.then(async () => {
      if (window !== this.#window) await this.#request('POST', `${this.#session}/window`, { handle: window })
      this.#window = window
      return this.#request<T>(method, this.#session + path, body)
    })
    this.#last = result.catch(() => undefined)
    return result
  }

  async stop(): Promise<void> {
    await this.#request('DELETE', this.#session).catch(() => undefined)
    await this.#child.stop(['SIGTERM'], 5_000)
  }

  async #request<T = unknown>(method: string, path: string, body?: object): Promise<T> {
    const answer = await fetch(this.#url + path, {
      method,
      ...(method === 'POST'
        ? { body: JSON.stringify(body ?? {}), headers: { 'content-type': 'application/json' } }
        : {}),
    })
    const { value } = (await answer.json()) as { value: T & { error?: string; message?: string } }
    if (!answer.ok) throw new WebDriverError(value.error ?? String(answer.status), value.message ?? '')
    return value
  }
}

export class WebDriverError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(`${code}: ${message}`)
    this.code = code
  }
}

/** The browser that comes with the driver is in the folder of libraries of this kind of machine. */
function miniBrowser(): string {
  const libraries = readdirSync('/usr/lib').filter((name) => name.endsWith('-linux-gnu'))
  const places = libraries.flatMap((name) => ['4.1', '4.0'].map((api) => `/usr/lib/${name}/webkit2gtk-${api}`))
  const found = places.map((place) => join(place, 'MiniBrowser')).find((path) => existsSync(path))
  if (!found) throw new Error('There is no MiniBrowser: install webkit2gtk-driver.')
  return found
}
