import { expect } from 'vitest'
import type { ChatId } from '@veche/shared/ids'
import type { Page } from 'playwright-core'
import type { BrowserName } from '../browser/browser-of-run.ts'
import { type Device, type DeviceOptions, newDevice, openDevice } from '../browser/Device.ts'
import type { Account } from '../installation/accounts.ts'
import type { Installation } from '../installation/Installation.ts'
import { scaledMs } from '../../ops/test/time-limits.ts'
import { button, waitUntilVisible } from '../screens/controls.ts'
import type { BrowserNetwork } from './BrowserNetwork.ts'
import { type Flow, flow, streams } from './stream-stats.ts'
import { recordSilences } from './silences.ts'
import { type MediaOptions, recordPeerConnections } from './peer-connections.ts'

export type CallerOptions = MediaOptions & {
  /** Its connections go through this network, which the test can cut. */
  network?: BrowserNetwork
  width?: number
  height?: number
  installed?: boolean
  browser?: BrowserName
  /** Silences are recorded. */
  silences?: boolean
  /** Timers of more than a minute end after a second. */
  shortTimers?: boolean
  /** A script that runs in each page before everything else. */
  script?: () => void
}

/** The browser of a person with a camera and a microphone, released when the test ends. Nobody is signed in there without an account. */
export async function openCaller(
  installation: Installation,
  account: Account | null,
  options: CallerOptions = {},
): Promise<Device> {
  const device = await openDevice(installation, deviceOf(account, options))
  await equip(device, options)
  return device
}

/** The same, to be released by the caller. */
export async function newCaller(installation: Installation, account: Account, options: CallerOptions): Promise<Device> {
  const device = await newDevice(installation, deviceOf(account, options))
  await equip(device, options)
  return device
}

function deviceOf(account: Account | null, options: CallerOptions): DeviceOptions {
  const { network, width = 900, height = 640, installed = false, browser } = options
  const chosen = { ...(account && { account }), ...(browser && { browser }), ...(network && { proxy: network.proxy }) }
  return { width, height, installed, ...chosen }
}

async function equip(
  device: Device,
  { network, silences, shortTimers, script, ...media }: CallerOptions,
): Promise<void> {
  await recordPeerConnections(device, { ...media, ...(network ? { mediaPort: network.udpPort } : {}) })
  if (silences) await recordSilences(device)
  if (shortTimers) await device.addInitScript(shortenTimers)
  if (script) await device.addInitScript(script)
}

function shortenTimers(): void {
  const wait = globalThis.setTimeout.bind(globalThis)
  const sooner = (call: TimerHandler, ms = 0, ...rest: unknown[]) => wait(call, ms > 60_000 ? 1_000 : ms, ...rest)
  globalThis.setTimeout = sooner as typeof globalThis.setTimeout
}

/** Opens the page before the call of a chat. */
export async function goToPrejoin(device: Device, chatId: ChatId): Promise<void> {
  await device.goto(`/call/${chatId}`)
  await waitUntilVisible(button(device.page, 'Join now'))
}

/** The media that moved within a second, or longer on a slow machine. */
export function mediaFlow(page: Page): Promise<Flow> {
  return measureFlow(page, () => false)
}

/** Waits until each of them draws exactly this number of pictures and hears this number of voices. */
export async function waitForMediaOfAll(devices: Device[], what: { pictures: number; voices: number }): Promise<void> {
  await Promise.all(devices.map(({ page }) => waitForMedia(page, what)))
}

export async function waitForMedia(page: Page, what: { pictures: number; voices: number }): Promise<void> {
  const isDecided = ({ pictures, voices }: Flow, streams: number) => {
    // When every stream has moved, a whole second would show no more.
    const everything = streams > 0 && pictures + voices === streams
    // What has moved too much has not stopped yet, and the next second is looked at.
    return everything || pictures > what.pictures || voices > what.voices
  }
  await expect.poll(() => measureFlow(page, isDecided)).toMatchObject(what)
}

async function measureFlow(page: Page, isEnough: (flow: Flow, streams: number) => boolean): Promise<Flow> {
  const before = await streams(page)
  const start = performance.now()
  for (;;) {
    await page.waitForTimeout(100)
    const after = await streams(page)
    const found = flow(before, after)
    const incoming = after.filter(({ direction }) => direction === 'in')
    if (isEnough(found, incoming.length) || isOver(performance.now() - start, found)) return found
  }
}

/** The second is over. On a slow machine it is longer, unless the camera of this page has sent what it sends in a second. */
function isOver(passedMs: number, { sentPictures }: Flow): boolean {
  return passedMs > scaledMs(1_000) || (passedMs > 1_000 && sentPictures >= 5)
}
