import { setTimeout as wait } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { pairs } from '../../../e2e/media/stream-stats.ts'
import { longestSilences, resetSilences } from '../../../e2e/media/silences.ts'
import type { Figure } from '../figures/figure.ts'
import { CallStage, flowing, joined } from './CallStage.ts'

/** Somebody in a call, and the silences that a death made for them. */
type Silence = { hit: number[]; others: number[] }
type Death = (calls: CallStage, hit: Page[]) => Promise<() => Promise<void>>

const settle = 3_000

/**
 * Kills what carries a call, again and again, and measures for everybody in it how long nothing arrived: from the last packet
 * before to the first one after, of the kind of media that was silent longest. Two meetings of two people go on; a death of a
 * worker hits one of them.
 */
export async function measureDeaths(name: keyof typeof deaths, kills: number): Promise<Silence> {
  const { nodes, workers, act, hitsAll } = deaths[name]
  const calls = await CallStage.open({ people: 4, nodes: 1, workers })
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
      // Later than any silence that counts as recovered.
      await wait(settle)
      for (const page of hit) await flowing(page, 1)
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

const killApi: Death = async ({ stage }) => {
  await stage.apis[0]!.kill()
  await stage.apis[0]!.start()
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

async function meeting(calls: CallStage, from: number): Promise<Page[]> {
  const [one, other] = calls.people.slice(from, from + 2)
  const chatId = await calls.newChat(one!, other!)
  const here = await joined(await calls.atTheDoor(one!, chatId), 0)
  const there = await joined(await calls.atTheDoor(other!, chatId), 1)
  await flowing(here, 1)
  return [here, there]
}

async function carrier(calls: CallStage, page: Page) {
  const port = await mediaPort(page)
  return calls.nodes.find(({ media }) => port >= media && port < media + 4)!
}

/** The port of a node that the media of a page arrive at. */
async function mediaPort(page: Page): Promise<number> {
  const [pair] = await pairs(page)
  return pair?.remotePort ?? 0
}

async function longest(page: Page): Promise<number> {
  return Math.max(...Object.values(await longestSilences(page)))
}
