import { expect } from 'vitest'
import type { ChatId } from '@veche/shared/ids'
import type { Page } from 'playwright-core'
import { type Device, type DeviceOptions, newDevice, openDevice } from '../browser/Device.ts'
import type { Account } from '../house/accounts.ts'
import type { Installation } from '../house/Installation.ts'
import { button, seen } from '../screens/controls.ts'
import type { Cut } from './Cut.ts'
import { type Flow, flow, streams } from './figures.ts'
import { watchGaps } from './gaps.ts'
import { type TapOptions, tapMedia } from './tap.ts'

/** Two browsers that encode and decode on two busy cores take their time. */
export const patience = { timeout: 40_000, interval: 100 }

export type CallerOptions = TapOptions & {
  cut?: Cut
  width?: number
  height?: number
  installed?: boolean
  gaps?: boolean
  hurried?: boolean
  /** Runs in each page before everything else. */
  script?: () => void
}

/** Somebody with a camera, a microphone and connections that can be looked at, for as long as the test runs. */
export async function openCaller(house: Installation, account: Account, options: CallerOptions = {}): Promise<Device> {
  const device = await openDevice(house, deviceOf(account, options))
  await equip(device, options)
  return device
}

/** The same, closed by whoever asked for it. */
export async function newCaller(house: Installation, account: Account, options: CallerOptions): Promise<Device> {
  const device = await newDevice(house, deviceOf(account, options))
  await equip(device, options)
  return device
}

function deviceOf(account: Account, options: CallerOptions): DeviceOptions {
  const { cut, width = 900, height = 640, installed = false } = options
  return { account, width, height, installed, ...(cut ? { proxy: cut.proxy } : {}) }
}

async function equip({ context }: Device, { cut, gaps, hurried, script, ...tap }: CallerOptions): Promise<void> {
  await tapMedia(context, { ...tap, ...(cut ? { mediaPort: cut.udpPort } : {}) })
  if (gaps) await watchGaps(context)
  if (hurried) await context.addInitScript(hurry)
  if (script) await context.addInitScript(script)
}

/** What would come after minutes comes after a second. */
function hurry(): void {
  const wait = globalThis.setTimeout.bind(globalThis)
  const sooner = (call: TimerHandler, ms = 0, ...rest: unknown[]) => wait(call, ms > 60_000 ? 1_000 : ms, ...rest)
  globalThis.setTimeout = sooner as typeof globalThis.setTimeout
}

/** Before the call of a chat. */
export async function goToDoor(device: Device, chatId: ChatId): Promise<void> {
  await device.goto(`/call/${chatId}`)
  await seen(button(device.page, 'Join now'))
}

/** In a call, however long two busy browsers take for it. */
export async function isIn(page: Page): Promise<void> {
  await seen(button(page, 'Leave'), patience.timeout)
}

/** What moves in a second. */
export function moves(page: Page): Promise<Flow> {
  return watch(page, () => false)
}

/** Exactly so many pictures are drawn and voices are heard, by each of them. */
export async function receive(devices: Device[], what: { pictures: number; voices: number }): Promise<void> {
  await Promise.all(devices.map(({ page }) => receives(page, what)))
}

export async function receives(page: Page, what: { pictures: number; voices: number }): Promise<void> {
  // Where everything that is there has moved, a whole second would show no more.
  const everything = ({ pictures, voices }: Flow, streams: number) => streams > 0 && pictures + voices === streams
  await expect.poll(() => watch(page, everything), patience).toMatchObject(what)
}

async function watch(page: Page, isEnough: (flow: Flow, streams: number) => boolean): Promise<Flow> {
  const before = await streams(page)
  const end = performance.now() + 1_000
  for (;;) {
    await page.waitForTimeout(100)
    const after = await streams(page)
    const found = flow(before, after)
    const incoming = after.filter(({ direction }) => direction === 'in')
    if (performance.now() > end || isEnough(found, incoming.length)) return found
  }
}
