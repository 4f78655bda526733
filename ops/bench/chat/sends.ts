import { newId, type ChatId } from '@veche/shared/ids'
import type { Figure } from '../figures/figure.ts'
import { cpuSeconds, family } from '../figures/processes.ts'
import { addChats } from '../installation/chats.ts'
import { addPeople, type Person } from '../installation/people.ts'
import type { BenchInstallation } from '../installation/BenchInstallation.ts'
import { HttpConnection } from './HttpConnection.ts'

export type SendsOptions = { seconds: number; rounds: number; lines: number }

type Pair = { chatId: ChatId; person: Person }
type Round = { perSecond: number; apiCpu: number; postgresCpu: number }

/** Sends as many messages as possible; each connection waits for the acknowledgement before the next. No one receives them here. */
export async function measureSends(installation: BenchInstallation, options: SendsOptions): Promise<Figure[]> {
  const one = await chatsOf(installation, 1, 300)
  const fifty = await chatsOf(installation, 50, 8)
  return [
    ...(await measure(installation, options, one, 'in one chat', 700)),
    ...(await measure(installation, options, fifty, 'over 50 chats', 2_000)),
  ]
}

async function measure(
  installation: BenchInstallation,
  options: SendsOptions,
  pairs: Pair[],
  where: string,
  aim: number,
): Promise<Figure[]> {
  const ports = installation.apis.map(({ port }) => port)
  const lines = await Promise.all(
    Array.from({ length: options.lines }, (_, at) => HttpConnection.open(ports[at % ports.length]!)),
  )
  await round(installation, lines, pairs, 2)
  const rounds: Round[] = []
  for (let at = 0; at < options.rounds; at += 1) rounds.push(await round(installation, lines, pairs, options.seconds))
  for (const line of lines) line.close()
  const processes = installation.apis.length === 1 ? 'one API process' : `${installation.apis.length} API processes`
  return [
    {
      name: `Sends ${where} (${processes})`,
      unit: 'a second',
      values: rounds.map(({ perSecond }) => perSecond),
      aim: { least: aim },
    },
    { name: `API CPU per 1,000 sends ${where}`, unit: 's', values: rounds.map(({ apiCpu }) => apiCpu) },
    { name: `Postgres CPU per 1,000 sends ${where}`, unit: 's', values: rounds.map(({ postgresCpu }) => postgresCpu) },
  ]
}

async function round(
  installation: BenchInstallation,
  lines: HttpConnection[],
  pairs: Pair[],
  seconds: number,
): Promise<Round> {
  const api = installation.apis.map(({ pid }) => pid)
  const postgres = family(installation.postgres.child.pid)
  const before = { api: cpuSeconds(api), postgres: cpuSeconds(postgres) }
  const start = performance.now()
  const end = start + seconds * 1_000
  let sent = 0
  let next = 0
  const talk = async (line: HttpConnection) => {
    while (performance.now() < end) {
      const { chatId, person } = pairs[next++ % pairs.length]!
      const input = { chatId, clientId: newId(), body: `Message ${sent}: the bell rings and people come` }
      const { status, body } = await line.change('messages.send', person.cookie, input)
      if (status !== 200) throw new Error(`a message was refused: ${body()}`)
      sent += 1
    }
  }
  await Promise.all(lines.map(talk))
  const took = (performance.now() - start) / 1_000
  const per = (cpu: number) => (cpu * 1_000) / sent
  return {
    perSecond: sent / took,
    apiCpu: per(cpuSeconds(api) - before.api),
    postgresCpu: per(cpuSeconds(postgres) - before.postgres),
  }
}

/** The members of all chats in turn, so that neighbouring connections write in different chats. */
async function chatsOf(installation: BenchInstallation, chats: number, membersEach: number): Promise<Pair[]> {
  const people = await addPeople(installation.pool, chats * membersEach)
  const groups = Array.from({ length: chats }, (_, at) => people.slice(at * membersEach, (at + 1) * membersEach))
  const plans = groups.map((members, at) => ({ title: `Group ${at}`, members: members.map(({ userId }) => userId) }))
  const ids = await addChats(installation.pool, plans)
  return Array.from({ length: membersEach }, (_, member) =>
    groups.map((members, at) => ({ chatId: ids[at]!, person: members[member]! })),
  ).flat()
}
