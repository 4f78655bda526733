import 'fake-indexeddb/auto'
import { setTimeout as wait } from 'node:timers/promises'
import { scaledMs } from '../../test/time-limits.ts'
import { addPeople } from '../stage/people.ts'
import { Stage } from '../stage/Stage.ts'
import { delays, type Delays } from './delays.ts'
import { Device } from './Device.ts'
import { readEndings } from './endings.ts'
import { Faults } from './Faults.ts'
import { Group, planChats, type Plan } from './Groups.ts'
import { judge, type Violation } from './oracles.ts'
import { Proxy } from './Proxy.ts'
import { Random } from './Random.ts'
import type { StormRecord } from './record.ts'
import { waitForRest } from './rest.ts'
import { readStored } from './stored.ts'
import { Traffic } from './Traffic.ts'

export type StormOptions = {
  seed: number
  messages: number
  perSecond: number
  people: number
  chats: number
  apis: number
  /** Shorter than 1: faults come more often. */
  pace: number
  /** After so many seconds nothing more is written, however much is left. */
  seconds: number
  say: (sentence: string) => void
}

export type Storm = {
  options: StormOptions
  seconds: number
  record: StormRecord
  violations: Violation[]
  traffic: Record<string, number>
  network: Record<string, number>
  delays: Delays
}

const restTimeoutMs = scaledMs(120_000)

/** One storm from beginning to end, on an installation of its own. */
export async function runStorm(options: StormOptions): Promise<Storm> {
  const random = new Random(options.seed)
  const record = emptyRecord()
  const url = (ports: number[]) => `http://127.0.0.1:${ports.at(-1)}`
  options.say('Starting Postgres, Redis, the API processes and a worker')
  const stage = await Stage.open({ apis: options.apis, worker: true, morePorts: 1, publicUrl: url })
  const living = () => stage.apis.filter((api) => api.answers).map((api) => api.port)
  const proxy = await Proxy.open(stage.ports.at(-1)!, living, random.branch())
  const devices: Device[] = []
  try {
    const people = await addPeople(stage.pool, options.people)
    const plans = await planChats(stage.pool, people, options.chats, random.branch())
    record.closedHistory.push(...plans.filter(({ historyForNew }) => historyForNew === false).map(({ id }) => id))
    const disks = newDisks(people.length)
    for (const [at, person] of people.entries()) {
      const place = { name: person.name, person, url: url(stage.ports), random: random.branch(), record }
      devices.push(await Device.open({ ...place, disk: disks[at] }))
    }
    return await rage({ options, stage, proxy, devices, plans, record, random })
  } catch (error) {
    options.say(stage.lastWords)
    throw error
  } finally {
    for (const device of devices) device.close()
    await proxy.close()
    await stage.close()
  }
}

type Raging = {
  options: StormOptions
  stage: Stage
  proxy: Proxy
  devices: Device[]
  plans: Plan[]
  record: StormRecord
  random: Random
}

async function rage({ options, stage, proxy, devices, plans, record, random }: Raging): Promise<Storm> {
  const start = Date.now()
  await waitForRest(devices, stage.pool, restTimeoutMs)
  const groups = plans.filter(({ title }) => title !== null).map((plan) => new Group(plan, devices))
  const until = Date.now() + options.seconds * 1000
  const { messages, perSecond, pace, say } = options
  const traffic = new Traffic({
    devices,
    groups,
    pool: stage.pool,
    random: random.branch(),
    messages,
    perSecond,
    until,
  })
  const faults = new Faults({ stage, proxy, devices, random: random.branch(), record, pace })
  say(`The storm begins: ${messages} messages, ${perSecond} a second, seed ${options.seed}`)
  const progress = setInterval(
    () => say(`  ${traffic.counts['written']} written, ${sum(record.faults)} faults`),
    10_000,
  )
  const striking = faults.run()
  // Should a fault fail to be mended, the storm is over as well.
  await Promise.race([traffic.run(), striking]).finally(() => clearInterval(progress))
  faults.stop()
  await striking
  proxy.calm = true
  say('The storm is over; waiting for rest')
  record.unrest = await waitForRest(devices, stage.pool, restTimeoutMs)
  // Watchers look after the change: the last look may still be on its way.
  await wait(100)
  record.endings = await readEndings(
    stage.apis[0]!.address,
    devices,
    plans.map(({ id }) => id),
  )
  Object.assign(record, await readStored(stage.pool))
  const result = { options, record, violations: judge(record), traffic: traffic.counts, network: { ...proxy.counts } }
  return { ...result, seconds: (Date.now() - start) / 1000, delays: delays(record) }
}

/** Every third device keeps things, in a database of the browser's kind, and so survives its tab. */
function newDisks(count: number): (IDBFactory | undefined)[] {
  return Array.from({ length: count }, (_, at) => (at % 3 === 0 ? new IDBFactory() : undefined))
}

function emptyRecord(): StormRecord {
  return {
    composed: [],
    tries: {},
    acks: [],
    refusals: [],
    stored: [],
    scopes: [],
    closedHistory: [],
    sightings: [],
    stepsBack: [],
    endings: [],
    outages: [],
    unrest: null,
    faults: {},
  }
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
