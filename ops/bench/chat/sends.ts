import { newId, type ChatId } from '@veche/shared/ids'
import type { Figure } from '../figures/figure.ts'
import { cpuSeconds, family } from '../figures/processes.ts'
import { addChats } from '../stage/chats.ts'
import { addPeople, type Person } from '../stage/people.ts'
import type { Stage } from '../stage/Stage.ts'
import { Line } from './Line.ts'

export type SendsOptions = { seconds: number; rounds: number; lines: number }

type Pair = { chatId: ChatId; person: Person }
type Round = { perSecond: number; apiCpu: number; postgresCpu: number }

/** As many messages as fit, each durable before the next of its line begins. Nobody listens: that is measured elsewhere. */
export async function measureSends(stage: Stage, options: SendsOptions): Promise<Figure[]> {
  const one = await chatsOf(stage, 1, 300)
  const fifty = await chatsOf(stage, 50, 8)
  return [
    ...(await measure(stage, options, one, 'in one chat', 700)),
    ...(await measure(stage, options, fifty, 'over 50 chats', 2_000)),
  ]
}

async function measure(
  stage: Stage,
  options: SendsOptions,
  pairs: Pair[],
  where: string,
  aim: number,
): Promise<Figure[]> {
  const ports = stage.apis.map(({ port }) => port)
  const lines = await Promise.all(
    Array.from({ length: options.lines }, (_, at) => Line.open(ports[at % ports.length]!)),
  )
  await round(stage, lines, pairs, 2)
  const rounds: Round[] = []
  for (let at = 0; at < options.rounds; at += 1) rounds.push(await round(stage, lines, pairs, options.seconds))
  for (const line of lines) line.close()
  const processes = stage.apis.length === 1 ? 'one API process' : `${stage.apis.length} API processes`
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

async function round(stage: Stage, lines: Line[], pairs: Pair[], seconds: number): Promise<Round> {
  const api = stage.apis.map(({ pid }) => pid)
  const postgres = family(stage.postgres.child.pid)
  const before = { api: cpuSeconds(api), postgres: cpuSeconds(postgres) }
  const start = performance.now()
  const end = start + seconds * 1_000
  let sent = 0
  let next = 0
  const talk = async (line: Line) => {
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

/** Everybody of every chat in turn, so that neighbours on the list write in different chats. */
async function chatsOf(stage: Stage, chats: number, membersEach: number): Promise<Pair[]> {
  const people = await addPeople(stage.pool, chats * membersEach)
  const groups = Array.from({ length: chats }, (_, at) => people.slice(at * membersEach, (at + 1) * membersEach))
  const plans = groups.map((members, at) => ({ title: `Group ${at}`, members: members.map(({ userId }) => userId) }))
  const ids = await addChats(stage.pool, plans)
  return Array.from({ length: membersEach }, (_, member) =>
    groups.map((members, at) => ({ chatId: ids[at]!, person: members[member]! })),
  ).flat()
}
