import type { ChatId } from '@veche/shared/ids'
import { afterAll, afterEach, expect, type TestContext } from 'vitest'
import { type Device, keepScreenshot } from '../browser/Device.ts'
import type { Account } from '../installation/accounts.ts'
import type { Installation } from '../installation/Installation.ts'
import { button, waitUntilVisible } from '../screens/controls.ts'
import { type CallerOptions, newCaller, waitForMediaOfAll } from './caller.ts'

/**
 * Browsers of people that stay open from one test of a file to the next, because opening one costs more than most tests. A test asks
 * for those it needs, and leaves them as it found them. After a test that failed, everybody gets another browser.
 */
export class CallBrowsers {
  readonly #installation: Installation
  readonly #options = new Map<Account, CallerOptions>()
  readonly #open = new Map<Account, Device>()

  constructor(installation: Installation) {
    this.#installation = installation
    afterEach((test) => this.#checkLogs(test))
    afterAll(() => this.close())
  }

  /** Chooses the options of a person's browser, before it is opened. */
  configure(account: Account, options: CallerOptions): void {
    this.#options.set(account, options)
  }

  async device(account: Account): Promise<Device> {
    const open = this.#open.get(account)
    if (open) return open
    const device = await newCaller(this.#installation, account, this.#options.get(account) ?? {})
    this.#open.set(account, device)
    return device
  }

  /** Brings each of them into the call of a chat, in a tab that shows it. */
  async inCall<Accounts extends Account[]>(chatId: ChatId, ...accounts: Accounts) {
    const devices = await Promise.all(accounts.map((account) => this.device(account)))
    await Promise.all(devices.map((device) => enter(device, chatId)))
    return devices as { [each in keyof Accounts]: Device }
  }

  /** Brings two people into a call and waits until they see and hear each other. */
  async two(chatId: ChatId, one: Account, other: Account): Promise<[Device, Device]> {
    const both = await this.inCall(chatId, one, other)
    await waitForMediaOfAll(both, { pictures: 1, voices: 1 })
    return both
  }

  /** Closes the browsers of these people, or of all. */
  async close(...accounts: Account[]): Promise<void> {
    for (const account of accounts.length ? accounts : [...this.#open.keys()]) {
      await this.#open.get(account)?.release()
      this.#open.delete(account)
    }
  }

  async #checkLogs(test: TestContext): Promise<void> {
    const devices = [...this.#open.values()]
    const complaints = devices.flatMap(({ pageLog }) => pageLog.complaints())
    for (const { pageLog } of devices) pageLog.clear()
    if (test.task.result?.state === 'fail') {
      for (const device of devices) await keepScreenshot(device, test)
      for (const device of devices) await device.context.close()
      this.#open.clear()
    }
    expect(complaints).toEqual([])
  }
}

async function enter(device: Device, chatId: ChatId): Promise<void> {
  const { page } = device
  const path = `/call/${chatId}`
  const isHere = !page.isClosed() && new URL(page.url()).pathname === path
  if (isHere && (await button(page, 'Leave').isVisible())) return
  if (page.isClosed()) await device.openTab(path)
  else await device.goto(path)
  const join = button(device.page, 'Join now')
  await waitUntilVisible(join.or(button(device.page, 'Leave')))
  if (await join.isVisible()) await join.click()
  await waitUntilVisible(button(device.page, 'Leave'))
}
