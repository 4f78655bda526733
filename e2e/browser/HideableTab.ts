import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Account, sessionCookieName } from '../installation/accounts.ts'
import type { Installation } from '../installation/Installation.ts'
import { launch } from './launch.ts'

type Answer = { id?: number; result?: Record<string, unknown>; error?: { message: string } }

/**
 * A tab of a Chromium that Playwright knows nothing of: Playwright keeps every page visible, whatever lies in front of it. Here
 * another tab in front hides the page as for people, and a hidden page can be frozen.
 */
export class HideableTab {
  readonly #browser: ChildProcess
  readonly #folder: string
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #calls = 0
  #targetId = ''
  #sessionId = ''

  private constructor(browser: ChildProcess, folder: string, socket: WebSocket) {
    this.#browser = browser
    this.#folder = folder
    this.#socket = socket
    socket.onmessage = ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer
      if (answer.id) this.#waiting.get(answer.id)?.(answer)
    }
  }

  static async open(installation: Installation, account: Account, path: string): Promise<HideableTab> {
    const folder = mkdtempSync(join(tmpdir(), 'veche-e2e-hideable-'))
    const own = ['--headless=new', '--remote-debugging-port=0', `--user-data-dir=${folder}`, 'about:blank']
    const stdio = ['ignore', 'ignore', 'pipe'] as const
    // Its processes are a group, so that all of them end together.
    const browser = spawn(launch.executablePath!, [...launch.args!, ...own], { stdio: [...stdio], detached: true })
    const socket = new WebSocket(await debuggingAddress(browser))
    await once(socket, 'open')
    const tab = new HideableTab(browser, folder, socket)
    await tab.#start(installation, account, path)
    return tab
  }

  /** Answers with what the expression is, also when it is a promise. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const asked = { expression, awaitPromise: true, returnByValue: true, userGesture: true }
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', asked, this.#sessionId)
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails))
    return (result as { value: Value }).value
  }

  /** Presses it as assistive technology does. */
  async press(label: string): Promise<void> {
    const found = `document.querySelector('button[aria-label="${label}"]:not(:disabled)')`
    await this.waitUntil(`${found}?.checkVisibility() === true`)
    await this.evaluate(`${found}.click()`)
  }

  async waitUntil(expression: string): Promise<void> {
    await expect.poll(() => this.evaluate(`Boolean(${expression})`), { message: expression }).toBe(true)
  }

  /** Opens another tab in front of it. */
  async hide(): Promise<void> {
    await this.#send('Target.createTarget', { url: 'about:blank' })
    await this.waitUntil(`document.visibilityState === 'hidden'`)
  }

  async show(): Promise<void> {
    await this.#send('Target.activateTarget', { targetId: this.#targetId })
    await this.waitUntil(`document.visibilityState === 'visible'`)
  }

  /** A page that is frozen runs nothing. Only a hidden one can be. */
  async freeze(): Promise<void> {
    await this.#send('Page.setWebLifecycleState', { state: 'frozen' }, this.#sessionId)
  }

  async unfreeze(): Promise<void> {
    await this.#send('Page.setWebLifecycleState', { state: 'active' }, this.#sessionId)
  }

  async close(): Promise<void> {
    const { pid } = this.#browser
    this.#socket.close()
    if (this.#browser.exitCode === null && pid) {
      const ended = once(this.#browser, 'close')
      process.kill(-pid, 'SIGKILL')
      await ended
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10 })
  }

  async #start(installation: Installation, account: Account, path: string): Promise<void> {
    const created = await this.#send('Target.createTarget', { url: 'about:blank' })
    this.#targetId = String(created['targetId'])
    const attached = await this.#send('Target.attachToTarget', { targetId: this.#targetId, flatten: true })
    this.#sessionId = String(attached['sessionId'])
    const { url } = installation
    const cookie = { name: sessionCookieName(installation), value: account.cookie(), url, httpOnly: true }
    await this.#send('Network.setCookie', { ...cookie, sameSite: 'Lax' }, this.#sessionId)
    await this.#send('Page.navigate', { url: url + path }, this.#sessionId)
    await this.show()
  }

  async #send(method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
    this.#calls += 1
    const id = this.#calls
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve))
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }))
    const { result, error } = await answered
    this.#waiting.delete(id)
    if (error) throw new Error(`${method}: ${error.message}`)
    return result ?? {}
  }
}

/** The browser writes where it listens. What it writes later is read too, or it would wait. */
function debuggingAddress(browser: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let written = ''
    browser.stderr!.on('data', (piece) => {
      written += String(piece)
      const address = /ws:\/\/\S+/.exec(written)?.[0]
      if (address) resolve(address)
    })
    browser.once('close', () => reject(new Error(`the browser has ended: ${written}`)))
  })
}
