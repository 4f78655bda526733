import { setTimeout as wait } from 'node:timers/promises'
import { DIRECTORY_SCOPE } from '@veche/shared/ids'
import type { ChatsPage, ScopeAnswer } from '@veche/shared/live'
import { Engine } from '../chaos/clients/engine.ts'
import type { Figure } from '../figures/figure.ts'
import { cpuSeconds } from '../figures/processes.ts'
import { addChats, addMessages } from '../installation/chats.ts'
import { addPeople, type Person } from '../installation/people.ts'
import type { BenchInstallation } from '../installation/BenchInstallation.ts'
import { HttpConnection } from './HttpConnection.ts'

export type FirstSyncOptions = { chats: number; messagesEach: number; rounds: number }

type Sync = { firstPage: number; whole: number; bytes: number; cpu: number }

/** The first sync of a device with many chats: the server's time, and the time until the app's engine holds everything. */
export async function measureFirstSync(installation: BenchInstallation, options: FirstSyncOptions): Promise<Figure[]> {
  const me = await settle(installation, options)
  const address = installation.apis[0]!.address
  const asked: Sync[] = []
  const engines: number[] = []
  await ask(installation, me)
  for (let at = 0; at < options.rounds; at += 1) {
    asked.push(await ask(installation, me))
    engines.push(await open(address, me))
  }
  const of = (pick: (sync: Sync) => number) => asked.map(pick)
  const title = `First sync of ${options.chats.toLocaleString('en')} chats`
  return [
    { name: `${title}, first page`, unit: 's', values: of(({ firstPage }) => firstPage / 1_000) },
    { name: `${title}, all answers`, unit: 's', values: of(({ whole }) => whole / 1_000) },
    { name: `${title}, in the app's engine`, unit: 's', values: engines.map((ms) => ms / 1_000) },
    { name: `${title}, answers`, unit: 'KB', values: of(({ bytes }) => bytes / 1_000) },
    { name: `${title}, API CPU`, unit: 's', values: of(({ cpu }) => cpu) },
  ]
}

async function settle(installation: BenchInstallation, { chats, messagesEach }: FirstSyncOptions): Promise<Person> {
  const [me, ...others] = await addPeople(installation.pool, 50)
  const ids = await addChats(
    installation.pool,
    Array.from({ length: chats }, (_, at) => {
      const friends = [0, 1, 2].map((step) => others[(at * 3 + step) % others.length]!.userId)
      return { title: `Group number ${at}`, members: [friends[0]!, me!.userId, friends[1]!, friends[2]!] }
    }),
  )
  await addMessages(installation.pool, ids, others[0]!.userId, messagesEach)
  await installation.pool.query('vacuum analyze')
  return me!
}

/** The requests of the engine in the same order, without storing the answers. */
async function ask(installation: BenchInstallation, { userId, cookie }: Person): Promise<Sync> {
  const pid = [installation.apis[0]!.pid]
  const before = cpuSeconds(pid)
  const line = await HttpConnection.open(installation.apis[0]!.port)
  const start = performance.now()
  const sync: Sync = { firstPage: 0, whole: 0, bytes: 0, cpu: 0 }
  const question = async <T>(path: string, input: object): Promise<T> => {
    const answer = await line.question(path, cookie, input)
    sync.bytes += answer.bytes
    return read<T>(answer.body())
  }
  for (let since = 0, more = true; more;)
    ({ rev: since, more } = await question<ScopeAnswer>('sync.scope', { id: userId, since }))
  const held: [string, number][] = [
    [userId, 0],
    [DIRECTORY_SCOPE, 0],
  ]
  for (let cursor: string | null = null, first = true; first || cursor; first = false) {
    const page: ChatsPage = await question<ChatsPage>('sync.chats', { cursor })
    for (const { id, rev } of page.chats) held.push([id, rev])
    if (first) sync.firstPage = performance.now() - start
    cursor = page.next
  }
  const state = await line.change('sync.state', cookie, { scopes: held })
  sync.bytes += state.bytes
  read(state.body())
  line.close()
  return { ...sync, whole: performance.now() - start, cpu: cpuSeconds(pid) - before }
}

function read<T>(text: string): T {
  const answer = JSON.parse(text) as { result?: { data: T } }
  if (!answer.result) throw new Error(`a question was answered with ${text.slice(0, 300)}`)
  return answer.result.data
}

/** Resolves when the engine is online and holds everything. */
async function open(url: string, { cookie, userId }: Person): Promise<number> {
  const start = performance.now()
  const engine = await Engine.open({ url, cookie, userId })
  while (engine.status !== 'online' || (await held(engine)) < 1) await wait(5)
  await engine.live.caughtUp()
  const took = performance.now() - start
  engine.close()
  return took
}

async function held(engine: Engine): Promise<number> {
  return (await engine.live.store.read((tx) => tx.all('chats'))).length
}
