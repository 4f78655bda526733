import { expect } from 'vitest'
import type { DialogId } from '@veche/shared/ids'
import type { Locator, Page } from 'playwright-core'
import { type Device, openDevice } from '../browser/Device.ts'
import type { Account } from '../house/accounts.ts'
import type { Installation } from '../house/Installation.ts'
import { button, press, seen } from '../screens/controls.ts'
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
  gaps?: boolean
  hurried?: boolean
}

/** Somebody before the call of a dialog, with a camera and a microphone. */
export async function atTheDoor(
  house: Installation,
  account: Account,
  dialogId: DialogId,
  { cut, width = 900, height = 640, gaps = false, hurried = false, ...tap }: CallerOptions = {},
): Promise<Device> {
  const device = await openDevice(house, { account, width, height, ...(cut ? { proxy: cut.proxy } : {}) })
  await tapMedia(device.context, { ...(cut ? { mediaPort: cut.udpPort } : {}), ...tap })
  if (gaps) await watchGaps(device.context)
  if (hurried) await device.context.addInitScript(hurry)
  await device.goto(`/call/${dialogId}`)
  await seen(button(device.page, 'Join now'))
  return device
}

/** What would come after minutes comes after a second. */
function hurry(): void {
  const wait = globalThis.setTimeout.bind(globalThis)
  const sooner = (call: TimerHandler, ms = 0, ...rest: unknown[]) => wait(call, ms > 60_000 ? 1_000 : ms, ...rest)
  globalThis.setTimeout = sooner as typeof globalThis.setTimeout
}

/** Somebody in the call of a dialog, by way of its door. */
export async function inCall(...whereAndWho: Parameters<typeof atTheDoor>): Promise<Device> {
  const device = await atTheDoor(...whereAndWho)
  await press(device.page, 'Join now')
  await seen(button(device.page, 'Leave'), patience.timeout)
  return device
}

/** The place of somebody on the screen. */
export function tile(page: Page, name: string): Locator {
  return page.getByRole('group', { name, exact: true })
}

/** What moves in a second. */
export async function moves(page: Page): Promise<Flow> {
  const before = await streams(page)
  await page.waitForTimeout(1_000)
  return flow(before, await streams(page))
}

/** Exactly so many pictures are drawn and voices are heard. */
export async function receives(page: Page, what: { pictures: number; voices: number }): Promise<void> {
  await expect.poll(() => moves(page), patience).toMatchObject(what)
}
