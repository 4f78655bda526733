import type { ChatId } from '@veche/shared/ids'
import { afterAll, afterEach, expect, type TestContext } from 'vitest'
import { type Device, keepPicture } from '../browser/Device.ts'
import type { Account } from '../house/accounts.ts'
import type { Installation } from '../house/Installation.ts'
import { button, seen } from '../screens/controls.ts'
import { type CallerOptions, isIn, newCaller, patience, receive } from './callers.ts'

/**
 * People whose browsers stay open from one test of a file to the next, as to open one takes longer than most of what is tried in it.
 * A test asks for those it needs, and leaves them as it found them. After one that failed, everybody gets another browser.
 */
export class Company {
  readonly #house: Installation
  readonly #equipment = new Map<Account, CallerOptions>()
  readonly #open = new Map<Account, Device>()

  constructor(house: Installation) {
    this.#house = house
    afterEach((test) => this.#judge(test))
    afterAll(() => this.close())
  }

  /** What somebody's browser is like, once it is opened. */
  equip(account: Account, options: CallerOptions): void {
    this.#equipment.set(account, options)
  }

  async device(account: Account): Promise<Device> {
    const open = this.#open.get(account)
    if (open) return open
    const device = await newCaller(this.#house, account, this.#equipment.get(account) ?? {})
    this.#open.set(account, device)
    return device
  }

  /** Each of them is in the call of a chat, in a tab that looks at it. */
  async inCall<Accounts extends Account[]>(chatId: ChatId, ...accounts: Accounts) {
    const devices = await Promise.all(accounts.map((account) => this.device(account)))
    await Promise.all(devices.map((device) => enter(device, chatId)))
    return devices as { [each in keyof Accounts]: Device }
  }

  /** Two who see and hear each other. */
  async two(chatId: ChatId, one: Account, other: Account): Promise<[Device, Device]> {
    const both = await this.inCall(chatId, one, other)
    await receive(both, { pictures: 1, voices: 1 })
    return both
  }

  /** Of some, or of everybody. */
  async close(...accounts: Account[]): Promise<void> {
    for (const account of accounts.length ? accounts : [...this.#open.keys()]) {
      await this.#open.get(account)?.context.close()
      this.#open.delete(account)
    }
  }

  async #judge(test: TestContext): Promise<void> {
    const devices = [...this.#open.values()]
    const complaints = devices.flatMap(({ witness }) => witness.complaints())
    for (const { witness } of devices) witness.beginAnew()
    if (test.task.result?.state === 'fail') {
      for (const device of devices) await keepPicture(device, test)
      await this.close()
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
  const door = button(device.page, 'Join now')
  await seen(door.or(button(device.page, 'Leave')), patience.timeout)
  if (await door.isVisible()) await door.click()
  await isIn(device.page)
}
