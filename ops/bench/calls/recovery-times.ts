import { setTimeout as wait } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { pairs } from '../../../e2e/media/stream-stats.ts'
import { longestSilences, resetSilences } from '../../../e2e/media/silences.ts'
import type { Figure } from '../figures/figure.ts'
import { CallBench, waitForVideo, joinCall } from './CallBench.ts'

/** The gaps in media that a death caused: for people on the part that died, and for the others. */
type Silence = { hit: number[]; others: number[] }
type Death = (calls: CallBench, hit: Page[]) => Promise<() => Promise<void>>

const settle = 3_000

/**
 * Kills a part that carries calls, several times, and measures for each person how long no media arrived: from the last packet
 * before to the first one after, for the kind of media with the longest gap. Two meetings of two people run; the death of a
 * worker hits only one of them.
 */
export async function measureDeaths(name: keyof typeof deaths, kills: number): Promise<Silence> {
  const { nodes, workers, act, hitsAll } = deaths[name]
  const calls = await CallBench.open({ people: 4, nodes: 1, workers })
  try {
    const [first, second] = [await meeting(calls, 0), await meeting(calls, 2)]
    while (calls.nodes.length < nodes) await calls.addNode()
    const hit = hitsAll ? [...first, ...second] : first
    const others = hitsAll ? [] : second
    const silence: Silence = { hit: [], others: [] }
    for (let kill = 0; kill < kills; kill += 1) {
      await wait(settle)
      for (const page of [...first, ...second]) await resetSilences(page)
      const repair = await act(calls, hit)
      // This waits longer than any gap that counts as recovered.
      await wait(settle)
      for (const page of hit) await waitForVideo(page, 1)
      for (const page of hit) silence.hit.push(await longest(page))
      for (const page of others) silence.others.push(await longest(page))
      await repair()
    }
    return silence
  } catch (error) {
    for (const node of calls.nodes) console.error(node.log().split('\n').slice(-20).join('\n'))
    throw error
  } finally {
    await calls.close()
  }
}

const killNode: Death = async (calls, [page]) => {
  const node = await carrier(calls, page!)
  await node.kill()
  return () => node.start()
}

const killLoneNode: Death = async (calls, [page]) => {
  const node = await carrier(calls, page!)
  await node.kill()
  await node.start()
  return async () => undefined
}

const crashWorker: Death = async (calls, [page]) => {
  const node = await carrier(calls, page!)
  process.kill(node.workerOn(await mediaPort(page!)), 'SIGSEGV')
  return async () => undefined
}

const killApi: Death = async ({ installation }) => {
  await installation.apis[0]!.kill()
  await installation.apis[0]!.start()
  return async () => undefined
}

const deaths = {
  node: { nodes: 2, workers: 1, act: killNode, hitsAll: true },
  'lone node': { nodes: 1, workers: 1, act: killLoneNode, hitsAll: true },
  worker: { nodes: 1, workers: 2, act: crashWorker, hitsAll: false },
  api: { nodes: 1, workers: 1, act: killApi, hitsAll: true },
} satisfies Record<string, { nodes: number; workers: number; act: Death; hitsAll: boolean }>

export type DeathName = keyof typeof deaths
export const deathNames = Object.keys(deaths) as DeathName[]

export function figuresOf(name: DeathName, { hit, others }: Silence): Figure[] {
  const sorted = hit.toSorted((a, b) => a - b)
  const p95 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))]!
  const aim = name === 'api' ? {} : { aim: { most: 5_000 } }
  const figures: Figure[] = [
    { name: `Silence after the death of: ${name}`, unit: 'ms', values: hit },
    { name: `the same, p95`, unit: 'ms', values: [p95], ...aim },
  ]
  return others.length > 0
    ? [...figures, { name: 'the same, for the other meeting', unit: 'ms', values: others }]
    : figures
}

async function meeting(calls: CallBench, from: number): Promise<Page[]> {
  const [one, other] = calls.people.slice(from, from + 2)
  const chatId = await calls.newChat(one!, other!)
  const here = await joinCall(await calls.openPrejoin(one!, chatId), 0)
  const there = await joinCall(await calls.openPrejoin(other!, chatId), 1)
  await waitForVideo(here, 1)
  return [here, there]
}

async function carrier(calls: CallBench, page: Page) {
  const port = await mediaPort(page)
  return calls.nodes.find(({ media }) => port >= media && port < media + 4)!
}

/** The port of the node to which this page sends its media. */
async function mediaPort(page: Page): Promise<number> {
  const [pair] = await pairs(page)
  return pair?.remotePort ?? 0
}

async function longest(page: Page): Promise<number> {
  return Math.max(...Object.values(await longestSilences(page)))
}
