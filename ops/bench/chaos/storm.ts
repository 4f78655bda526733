import 'fake-indexeddb/auto'
import { setTimeout as wait } from 'node:timers/promises'
import { scaledMs } from '../../test/time-limits.ts'
import { addPeople } from '../installation/people.ts'
import { BenchInstallation } from '../installation/BenchInstallation.ts'
import { delays, type Delays } from './record/delays.ts'
import { Device } from './clients/Device.ts'
import { readEndings } from './record/endings.ts'
import { Faults } from './faults/Faults.ts'
import { Group, planChats, type Plan } from './clients/Groups.ts'
import { violationsOf, type Violation } from './record/oracles.ts'
import { Proxy } from './faults/Proxy.ts'
import { Random } from './Random.ts'
import type { StormRecord } from './record/record.ts'
import { waitUntilIdle } from './idle.ts'
import { readStored } from './record/stored-rows.ts'
import { Traffic } from './clients/Traffic.ts'

export type StormOptions = {
  seed: number
  messages: number
  perSecond: number
  people: number
  chats: number
  apis: number
  /** Below 1, faults come more often. */
  pace: number
  /** No message is written after this many seconds, even if some are left. */
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

const idleTimeoutMs = scaledMs(120_000)

/** Runs one storm on its own installation. */
export async function runStorm(options: StormOptions): Promise<Storm> {
  const random = new Random(options.seed)
  const record = emptyRecord()
  const url = (ports: number[]) => `http://127.0.0.1:${ports.at(-1)}`
  options.say('Starting Postgres, Redis, the API processes and a worker')
  const installation = await BenchInstallation.open({ apis: options.apis, worker: true, morePorts: 1, publicUrl: url })
  const answeringPorts = () => installation.apis.filter((api) => api.answers).map((api) => api.port)
  const proxy = await Proxy.open(installation.ports.at(-1)!, answeringPorts, random.branch())
  const devices: Device[] = []
  try {
    const people = await addPeople(installation.pool, options.people)
    const plans = await planChats(installation.pool, people, options.chats, random.branch())
    record.closedHistory.push(...plans.filter(({ historyForNew }) => historyForNew === false).map(({ id }) => id))
    const disks = newDisks(people.length)
    for (const [at, person] of people.entries()) {
      const common = { name: person.name, person, url: url(installation.ports), random: random.branch(), record }
      devices.push(await Device.open({ ...common, disk: disks[at] }))
    }
    return await runStormOn({ options, installation, proxy, devices, plans, record, random })
  } catch (error) {
    options.say(installation.lastLines)
    throw error
  } finally {
    for (const device of devices) device.close()
    await proxy.close()
    await installation.close()
  }
}

type StormParts = {
  options: StormOptions
  installation: BenchInstallation
  proxy: Proxy
  devices: Device[]
  plans: Plan[]
  record: StormRecord
  random: Random
}

async function runStormOn({
  options,
  installation,
  proxy,
  devices,
  plans,
  record,
  random,
}: StormParts): Promise<Storm> {
  const start = Date.now()
  await waitUntilIdle(devices, installation.pool, idleTimeoutMs)
  const groups = plans.filter(({ title }) => title !== null).map((plan) => new Group(plan, devices))
  const until = Date.now() + options.seconds * 1000
  const { messages, perSecond, pace, say } = options
  const traffic = new Traffic({
    devices,
    groups,
    pool: installation.pool,
    random: random.branch(),
    messages,
    perSecond,
    until,
  })
  const faults = new Faults({ installation, proxy, devices, random: random.branch(), record, pace })
  say(`The storm begins: ${messages} messages, ${perSecond} a second, seed ${options.seed}`)
  const progress = setInterval(
    () => say(`  ${traffic.counts['written']} written, ${sum(record.faults)} faults`),
    10_000,
  )
  const faultsStopped = faults.run()
  // A fault that cannot be repaired also ends the storm.
  await Promise.race([traffic.run(), faultsStopped]).finally(() => clearInterval(progress))
  faults.stop()
  await faultsStopped
  proxy.isCalm = true
  say('The storm is over; waiting until the devices are idle')
  record.unrest = await waitUntilIdle(devices, installation.pool, idleTimeoutMs)
  // Store recorders read after each change, so the last read may still be running.
  await wait(100)
  record.endings = await readEndings(
    installation.apis[0]!.address,
    devices,
    plans.map(({ id }) => id),
  )
  Object.assign(record, await readStored(installation.pool))
  const result = {
    options,
    record,
    violations: violationsOf(record),
    traffic: traffic.counts,
    network: { ...proxy.counts },
  }
  return { ...result, seconds: (Date.now() - start) / 1000, delays: delays(record) }
}

/** Every third device has an IndexedDB, so its data survive a killed tab. */
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
