import { setTimeout as wait } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import type { Figure } from '../figures/figure.ts'
import { type CallBench, joinCall } from './CallBench.ts'

/** Milliseconds from the click. */
type First = { connected: number; picture: number; sound: number }

declare global {
  var firsts: { connected?: number; picture?: number; sound?: number }
}

/**
 * From the click on *Join now*, with the page loaded and the devices open, to the first remote picture on the screen and the first
 * remote sound that is played. One person is in the call all the time, another comes and goes.
 */
export async function measureJoining(calls: CallBench, rounds: number): Promise<Figure[]> {
  const [staying, coming] = calls.people
  const chatId = await calls.newChat(staying!, coming!)
  await joinCall(await calls.openPrejoin(staying!, chatId), 0)
  const taken: First[] = []
  // The first round warms up prepared statements and the server's code, and is not counted.
  for (let round = 0; round <= rounds; round += 1) {
    const page = await calls.openPrejoin(coming!, chatId)
    await wait(1_500)
    const first = await timed(page)
    if (round > 0) taken.push(first)
    await page.getByRole('button', { name: 'Leave', exact: true }).click()
    await page.close()
    await wait(1_000)
  }
  const figure = (name: string, pick: (first: First) => number, aim?: Figure['aim']) => ({
    name,
    unit: 'ms',
    values: taken.map(pick),
    ...(aim ? { aim } : {}),
  })
  return [
    figure('Join now to the first remote picture', ({ picture }) => picture),
    figure('Join now to the first remote sound', ({ sound }) => sound),
    figure('Transports connected to the first remote picture', ({ connected, picture }) => picture - connected),
    figure('Join now to both', ({ picture, sound }) => Math.max(picture, sound), { most: 500 }),
  ]
}

async function timed(page: Page): Promise<First> {
  await page.evaluate(watchFirsts)
  await page.getByRole('button', { name: 'Join now' }).click()
  const all = () => ['connected', 'picture', 'sound'].every((name) => name in globalThis.firsts)
  await page.waitForFunction(all, null, { timeout: 30_000 })
  return page.evaluate(() => globalThis.firsts as First)
}

function watchFirsts(): void {
  globalThis.firsts = {}
  const watched = new WeakSet<HTMLVideoElement>()
  let clicked = 0
  const receivers = () => globalThis.peerConnections.flatMap((connection) => connection.getReceivers())
  const isRemote = ({ srcObject }: HTMLVideoElement) =>
    srcObject instanceof MediaStream && receivers().some(({ track }) => srcObject.getTracks().includes(track))
  const look = () => {
    const now = performance.now()
    if (globalThis.peerConnections.filter(({ connectionState }) => connectionState === 'connected').length > 1)
      globalThis.firsts.connected ??= now - clicked
    for (const video of document.querySelectorAll('video')) {
      if (watched.has(video) || !isRemote(video)) continue
      watched.add(video)
      video.requestVideoFrameCallback((shown) => (globalThis.firsts.picture ??= shown - clicked))
    }
    // The audio that was played, with its level.
    const heard = receivers()
      .filter(({ track }) => track.kind === 'audio')
      .some((receiver) => receiver.getSynchronizationSources().some(({ audioLevel }) => (audioLevel ?? 0) > 0))
    if (heard) globalThis.firsts.sound ??= now - clicked
    if (!['connected', 'picture', 'sound'].every((name) => name in globalThis.firsts)) setTimeout(look, 4)
  }
  addEventListener(
    'click',
    ({ timeStamp }) => {
      clicked = timeStamp
      look()
    },
    { capture: true, once: true },
  )
}
