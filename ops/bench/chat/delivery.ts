import { setTimeout as wait } from 'node:timers/promises'
import { newId, type ChatId } from '@veche/shared/ids'
import type { Figure } from '../figures/figure.ts'
import { cpuSeconds, family } from '../figures/processes.ts'
import { quantile } from '../figures/quantile.ts'
import { addChats } from '../installation/chats.ts'
import { addPeople, type Person } from '../installation/people.ts'
import type { BenchInstallation } from '../installation/BenchInstallation.ts'
import { HttpConnection } from './HttpConnection.ts'
import { isHello, LiveListener } from './LiveListener.ts'

export type DeliveryOptions = { members: number; perSecond: number; seconds: number; rounds: number }

/** Each sender has its own connection, so that no one waits for another's answer. */
const writers = 20

type Round = { delays: number[]; acks: number[]; cpu: number; postgresCpu: number }

/** One chat with all members connected and a steady stream of messages: the time from sending to each receiver. */
export async function measureDelivery(installation: BenchInstallation, options: DeliveryOptions): Promise<Figure[]> {
  const people = await addPeople(installation.pool, options.members)
  const [chatId] = await addChats(installation.pool, [{ title: 'Square', members: people.map(({ userId }) => userId) }])
  const sockets = new MemberSockets(installation.apis[0]!.port)
  await sockets.open(people)
  const connections = await Promise.all(
    people.slice(0, writers).map(() => HttpConnection.open(installation.apis[0]!.port)),
  )
  const run = (seconds: number) =>
    measureRound({ installation, sockets, connections, people, chatId: chatId!, ...options, seconds })
  await run(5)
  const rounds: Round[] = []
  for (let at = 0; at < options.rounds; at += 1) rounds.push(await run(options.seconds))
  for (const connection of connections) connection.close()
  sockets.close()
  const of = (pick: (round: Round) => number) => rounds.map(pick)
  const title = `${options.members} members, ${options.perSecond} a second`
  return [
    { name: `Delivery p50 (${title})`, unit: 'ms', values: of(({ delays }) => quantile(delays, 0.5)) },
    {
      name: `Delivery p99 (${title})`,
      unit: 'ms',
      values: of(({ delays }) => quantile(delays, 0.99)),
      aim: { most: 50 },
    },
    { name: 'Delivery, slowest', unit: 'ms', values: of(({ delays }) => delays.at(-1)!) },
    { name: 'Acknowledgement p50', unit: 'ms', values: of(({ acks }) => quantile(acks, 0.5)) },
    { name: 'Acknowledgement p99', unit: 'ms', values: of(({ acks }) => quantile(acks, 0.99)) },
    { name: 'API CPU per 1,000 deliveries', unit: 's', values: of(({ cpu, delays }) => (cpu * 1_000) / delays.length) },
    {
      name: 'Postgres CPU per 1,000 deliveries',
      unit: 's',
      values: of(({ postgresCpu, delays }) => (postgresCpu * 1_000) / delays.length),
    },
  ]
}

/** The sockets of all members, and what they received. */
class MemberSockets {
  readonly #port: number
  readonly #listeners: LiveListener[] = []
  #received: (number: number) => void = () => undefined
  lost = 0

  constructor(port: number) {
    this.#port = port
  }

  async open(people: Person[]): Promise<void> {
    await Promise.all(
      people.map(
        ({ cookie }) =>
          new Promise<void>((resolve) => {
            const received = (text: string) => (isHello(text) ? resolve() : this.#take(text))
            this.#listeners.push(new LiveListener(this.#port, cookie, { received, closed: () => (this.lost += 1) }))
          }),
      ),
    )
  }

  listen(received: (number: number) => void): void {
    this.#received = received
  }

  close(): void {
    for (const listener of this.#listeners) listener.close()
  }

  /** A frame may carry several messages. */
  #take(text: string): void {
    for (let at = text.indexOf('"body":"#'); at >= 0; at = text.indexOf('"body":"#', at + 9))
      this.#received(Number.parseInt(text.slice(at + 9, at + 19), 10))
  }
}

type RoundOptions = DeliveryOptions & {
  installation: BenchInstallation
  sockets: MemberSockets
  connections: HttpConnection[]
  people: Person[]
  chatId: ChatId
}

async function measureRound({
  installation,
  sockets,
  connections,
  people,
  chatId,
  perSecond,
  seconds,
  members,
}: RoundOptions): Promise<Round> {
  const total = perSecond * seconds
  const sent: number[] = []
  const delays: number[] = []
  const acks: number[] = []
  const all = Promise.withResolvers<void>()
  sockets.listen((number) => {
    delays.push(performance.now() - sent[number]!)
    if (delays.length === total * members) all.resolve()
  })
  const [api, postgres] = [[installation.apis[0]!.pid], family(installation.postgres.child.pid)]
  const before = { api: cpuSeconds(api), postgres: cpuSeconds(postgres) }
  const start = performance.now()
  const answered: Promise<void>[] = []
  for (let number = 0; number < total; number += 1) {
    await wait(Math.max(0, start + (number * 1_000) / perSecond - performance.now()))
    const writer = number % writers
    const input = { chatId, clientId: newId(), body: `#${String(number).padStart(10, '0')} ${words}` }
    const begun = performance.now()
    sent[number] = begun
    answered.push(
      connections[writer]!.change('messages.send', people[writer]!.cookie, input).then(({ status, body }) => {
        if (status !== 200) throw new Error(`a message was refused: ${body()}`)
        acks.push(performance.now() - begun)
      }),
    )
  }
  await Promise.all(answered)
  await Promise.race([all.promise, wait(30_000)])
  if (delays.length !== total * members)
    throw new Error(`${delays.length} of ${total * members} deliveries arrived, ${sockets.lost} sockets were lost`)
  const cpu = cpuSeconds(api) - before.api
  const postgresCpu = cpuSeconds(postgres) - before.postgres
  return { delays: delays.sort(ascending), acks: acks.sort(ascending), cpu, postgresCpu }
}

const words = 'about eighty letters, as people write when they are not in a hurry at all'

function ascending(a: number, b: number): number {
  return a - b
}
