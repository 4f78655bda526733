import { setTimeout as wait } from 'node:timers/promises'
import { DIRECTORY_SCOPE, type ScopeId } from '@veche/shared/ids'
import type { Figure } from '../figures/figure.ts'
import { cpuSeconds, memoryMb } from '../figures/processes.ts'
import { quantile } from '../figures/quantile.ts'
import { addChats, addMessages } from '../installation/chats.ts'
import { addPeople, type Person } from '../installation/people.ts'
import type { BenchInstallation } from '../installation/BenchInstallation.ts'
import { HttpConnection } from './HttpConnection.ts'
import { isHello, LiveListener } from './LiveListener.ts'

export type ReconnectOptions = { sockets: number; chatsEach: number; membersEach: number; rounds: number }

type Round = { all: number; ready: number; typical: number; cpu: number; memory: number }

/** Waits as the engine does: between 0 and 3 s, doubled after each failed attempt. */
const spread = 3_000
const longest = 15_000
const timeoutMs = 120_000

/** Kills the API process while all tabs are connected, and measures until each has its hello and the state again. */
export async function measureReconnect(installation: BenchInstallation, options: ReconnectOptions): Promise<Figure[]> {
  const tabs = await settle(installation, options)
  const api = installation.apis[0]!
  const empty = memoryMb([api.pid])
  await Promise.all(tabs.map((tab) => tab.start()))
  const rounds: Round[] = []
  for (let at = 0; at < options.rounds; at += 1) rounds.push(await round(installation, tabs))
  for (const tab of tabs) tab.stop()
  const title = `${options.sockets.toLocaleString('en')} sockets after a kill`
  const of = (pick: (round: Round) => number) => rounds.map(pick)
  return [
    { name: `${title}, the last is back`, unit: 's', values: of(({ all }) => all / 1_000), aim: { most: 20 } },
    { name: `${title}, half are back`, unit: 's', values: of(({ typical }) => typical / 1_000) },
    { name: `${title}, of it the API's own start`, unit: 's', values: of(({ ready }) => ready / 1_000) },
    { name: `${title}, API CPU from its start on`, unit: 's', values: of(({ cpu }) => cpu) },
    {
      name: `API memory per connection (${options.chatsEach} chats each)`,
      unit: 'KB',
      values: of(({ memory }) => ((memory - empty) * 1_024) / options.sockets),
    },
  ]
}

async function round({ apis: [api] }: BenchInstallation, tabs: Tab[]): Promise<Round> {
  const start = performance.now()
  let count = 0
  const back = tabs.map((tab) => tab.backAgain().finally(() => (count += 1)))
  await api!.kill()
  await api!.start()
  const ready = performance.now() - start
  const late = wait(timeoutMs, undefined, { ref: false }).then(() => {
    throw new Error(`after ${timeoutMs / 1_000} s ${count} of ${tabs.length} were back`)
  })
  const times = (await Promise.race([Promise.all(back), late])).map((at) => at - start).sort((a, b) => a - b)
  const cpu = cpuSeconds([api!.pid])
  // Memory that only the rush needed is released after a quiet time.
  await wait(5_000)
  return { all: times.at(-1)!, ready, typical: quantile(times, 0.5), cpu, memory: memoryMb([api!.pid]) }
}

async function settle(
  installation: BenchInstallation,
  { sockets, chatsEach, membersEach }: ReconnectOptions,
): Promise<Tab[]> {
  const people = await addPeople(installation.pool, sockets)
  const count = Math.ceil((sockets * chatsEach) / membersEach)
  const plans = Array.from({ length: count }, (_, at) => {
    const members = Array.from({ length: membersEach }, (_, step) => (at * membersEach + step * (count + 1)) % sockets)
    return { title: `Group ${at}`, members: [...new Set(members)].map((index) => people[index]!.userId) }
  })
  const ids = await addChats(installation.pool, plans)
  await addMessages(installation.pool, ids, people[0]!.userId, 20)
  const held = new Map<ScopeId, ScopeId[]>(people.map(({ userId }) => [userId, [userId, DIRECTORY_SCOPE]]))
  for (const [at, { members }] of plans.entries()) for (const userId of members) held.get(userId)!.push(ids[at]!)
  await installation.pool.query('vacuum analyze')
  const { rows } = await installation.pool.query<{ id: ScopeId; rev: string }>('select id, rev from scopes')
  const revs = new Map(rows.map(({ id, rev }) => [id, Number(rev)]))
  return people.map((person) => {
    const cursors = held.get(person.userId)!.map((id): Cursor => [id, revs.get(id)!])
    return new Tab(installation.apis[0]!.port, person, cursors)
  })
}

type Cursor = [id: ScopeId, rev: number]

/** A tab that reconnects as the engine does, and stores nothing. */
class Tab {
  readonly #port: number
  readonly #person: Person
  readonly #held: Cursor[]
  #listener: LiveListener | undefined
  #failures = 0
  #stopped = false
  #back = Promise.withResolvers<number>()

  constructor(port: number, person: Person, held: Cursor[]) {
    this.#port = port
    this.#person = person
    this.#held = held
  }

  async start(): Promise<void> {
    this.#connect()
    await this.#back.promise
  }

  backAgain(): Promise<number> {
    this.#back = Promise.withResolvers()
    return this.#back.promise
  }

  stop(): void {
    this.#stopped = true
    this.#listener?.close()
  }

  #connect(): void {
    let open = false
    this.#listener = new LiveListener(this.#port, this.#person.cookie, {
      received: (text) => {
        if (!isHello(text)) return
        open = true
        this.#failures = 0
        void this.#catchUp()
      },
      closed: () => {
        if (this.#stopped) return
        if (!open) this.#failures += 1
        setTimeout(() => this.#connect(), Math.random() * Math.min(longest, spread * 2 ** this.#failures))
      },
    })
  }

  /** Uses a new connection, as a browser does after its server was gone. */
  async #catchUp(): Promise<void> {
    for (let attempt = 0; !this.#stopped; attempt += 1) {
      const status = await this.#ask().catch(() => 0)
      if (status === 200) return this.#back.resolve(performance.now())
      await wait(Math.random() * Math.min(10_000, 500 * 2 ** attempt))
    }
  }

  async #ask(): Promise<number> {
    const line = await HttpConnection.open(this.#port)
    const { status } = await line
      .change('sync.state', this.#person.cookie, { scopes: this.#held })
      .finally(() => line.close())
    return status
  }
}
