import type { ChatId } from '@veche/shared/ids'
import type { Figure } from '../figures/figure.ts'
import { cpuSeconds, family } from '../figures/processes.ts'
import { quantile } from '../figures/quantile.ts'
import type { BenchInstallation } from '../installation/BenchInstallation.ts'
import { addChats, addMessages } from '../installation/chats.ts'
import { addPeople, type Person } from '../installation/people.ts'
import { HttpConnection } from './HttpConnection.ts'

export type ReadsOptions = { members: number; readers: number; lines: number; rounds: number }

type Group = { chatId: ChatId; people: Person[] }
type Round = { reads: number[]; states: number[]; apiCpu: number; postgresCpu: number }

/** One large group: a message is written, and in each round other members reconnect, ask for the state and read it. */
export async function measureReads(installation: BenchInstallation, options: ReadsOptions): Promise<Figure[]> {
  const people = await addPeople(installation.pool, options.members)
  const [chatId] = await addChats(installation.pool, [{ title: 'Square', members: people.map(({ userId }) => userId) }])
  await installation.pool.query('vacuum analyze')
  const group = { chatId: chatId!, people }
  const lines = await Promise.all(
    Array.from({ length: options.lines }, () => HttpConnection.open(installation.apis[0]!.port)),
  )
  const rounds: Round[] = []
  // The first round warms up.
  for (let at = 0; at <= options.rounds; at += 1) {
    const readers = people.slice(options.readers * at, options.readers * (at + 1))
    rounds.push(await measureRound(installation, lines, { ...group, people: readers }))
  }
  rounds.shift()
  for (const line of lines) line.close()
  const title = `${options.members.toLocaleString('en')} members`
  const of = (pick: (round: Round) => number) => rounds.map(pick)
  return [
    { name: `Read mark p50 (${title})`, unit: 'ms', values: of(({ reads }) => quantile(reads, 0.5)) },
    {
      name: `Read mark p95 (${title})`,
      unit: 'ms',
      values: of(({ reads }) => quantile(reads, 0.95)),
      aim: { most: 20 },
    },
    { name: `State after a reconnect p95 (${title})`, unit: 'ms', values: of(({ states }) => quantile(states, 0.95)) },
    { name: 'API CPU per 1,000 members who reconnect and read', unit: 's', values: of(({ apiCpu }) => apiCpu) },
    { name: 'Postgres CPU per 1,000 of them', unit: 's', values: of(({ postgresCpu }) => postgresCpu) },
  ]
}

async function measureRound(
  installation: BenchInstallation,
  lines: HttpConnection[],
  { chatId, people }: Group,
): Promise<Round> {
  await addMessages(installation.pool, [chatId], people[0]!.userId, 1)
  const newest = `select rev, seq from scopes where id = $1`
  const { rows } = await installation.pool.query<{ rev: string; seq: string }>(newest, [chatId])
  const [rev, seq] = [Number(rows[0]!.rev), Number(rows[0]!.seq)]
  const [api, postgres] = [[installation.apis[0]!.pid], family(installation.postgres.child.pid)]
  const before = { api: cpuSeconds(api), postgres: cpuSeconds(postgres) }
  const reads: number[] = []
  const states: number[] = []
  const waiting = [...people]
  const work = async (line: HttpConnection) => {
    for (let person = waiting.pop(); person; person = waiting.pop()) {
      states.push(await timeOf(line, 'sync.state', person, { scopes: [[chatId, rev - 1]] }))
      reads.push(await timeOf(line, 'messages.read', person, { chatId, seq }))
    }
  }
  await Promise.all(lines.map(work))
  const per = (cpu: number) => (cpu * 1_000) / people.length
  return {
    reads: reads.sort((a, b) => a - b),
    states: states.sort((a, b) => a - b),
    apiCpu: per(cpuSeconds(api) - before.api),
    postgresCpu: per(cpuSeconds(postgres) - before.postgres),
  }
}

async function timeOf(line: HttpConnection, path: string, { cookie }: Person, input: unknown): Promise<number> {
  const start = performance.now()
  const { status, body } = await line.change(path, cookie, input)
  if (status !== 200) throw new Error(`${path} was refused: ${body()}`)
  return performance.now() - start
}
