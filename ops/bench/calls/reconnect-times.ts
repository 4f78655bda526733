import { setTimeout as wait } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { BrowserNetwork } from '../../../e2e/media/BrowserNetwork.ts'
import type { Figure } from '../figures/figure.ts'
import { CallBench, waitForVideo, joinCall } from './CallBench.ts'

/**
 * The network between one browser and the node breaks and returns, several times. Measures from its return (for the socket alone: from
 * the break, since it can be healed at once) until that step of reconnecting has healed the call.
 */
export async function measureReconnectTimes(rounds: number): Promise<Figure[]> {
  const calls = await CallBench.open({ people: 2, nodes: 1 })
  const cut = await BrowserNetwork.open(calls.nodes[0]!.media)
  try {
    const [here, there] = calls.people
    const chatId = await calls.newChat(here!, there!)
    await joinCall(await calls.openPrejoin(there!, chatId), 0)
    const page = await joinCall(await calls.openPrejoin(here!, chatId, cut), 1)
    const socket = await times(rounds, () => attachedAgain(page, cut))
    const network = await times(rounds, () => afterSilence(page, cut, 'cut', 10_000))
    const media = await times(rounds, () => afterSilence(page, cut, 'cutMedia', 8_000))
    return [
      { name: 'The socket breaks: until it is attached again', unit: 'ms', values: socket },
      { name: 'No network for 10 s: from its return to the first packet', unit: 'ms', values: network },
      { name: 'No media for 8 s: from their return to the first packet', unit: 'ms', values: media },
    ]
  } finally {
    await calls.close()
    cut.close()
  }
}

async function times(rounds: number, measure: () => Promise<number>): Promise<number[]> {
  const values: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    await wait(3_000)
    values.push(await measure())
  }
  return values
}

async function attachedAgain(page: Page, cut: BrowserNetwork): Promise<number> {
  const heard = page.waitForEvent('websocket', (socket) => socket.url().includes('/sfu/'))
  const since = performance.now()
  cut.dropSockets()
  await (await heard).waitForEvent('framereceived')
  return performance.now() - since
}

async function afterSilence(page: Page, cut: BrowserNetwork, kind: 'cut' | 'cutMedia', ms: number): Promise<number> {
  cut[kind]()
  await wait(ms)
  const before = await page.evaluate(() => globalThis.silenceRecorder.lastPacketAt())
  const since = performance.now()
  cut.mend()
  await page.waitForFunction((last) => globalThis.silenceRecorder.lastPacketAt() > last, before, {
    polling: 20,
    timeout: 60_000,
  })
  const taken = performance.now() - since
  await waitForVideo(page, 1)
  return taken
}
