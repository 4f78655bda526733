import { setTimeout as wait } from 'node:timers/promises'
import type { SharedPart } from '../chat/options.ts'
import { type CpuUse, perThousand } from '../figures/cpu-meter.ts'
import { family, memoryMb } from '../figures/processes.ts'
import { quantile } from '../figures/quantile.ts'
import type { ChatClient, ChatPlan, ChatServer } from './ChatServer.ts'
import { runClosedLoop } from './closed-loop.ts'
import { DeliveryLedger } from './DeliveryLedger.ts'
import { runSteadyStream } from './steady-stream.ts'

export type RoundPlan = { only: SharedPart[]; deliverySeconds: number; loopSeconds: number; warmSeconds: number }

type Memory = { server: number; postgres: number; redis: number }

type DeliveryFigures = {
  p50: number
  p99: number
  slowest: number
  /** Seconds for 1,000 deliveries. */
  cpu: CpuUse
  bytesPerDelivery: number
  deliveries: number
  slowestMessages: { atSeconds: number; delayMs: number }[]
}

type LoopFigures = {
  sendsPerSecond: number
  deliveriesPerSecond: number
  sent: number
  deliveries: number
  /** Milliseconds for one send, which is seconds for 1,000. */
  cpu: CpuUse
  clientShare: number
}

/** What one server did in one round. Of what was sent, `rows` is in its table, and `archived` is the protocol's own count. */
export type ServerRound = {
  server: string
  startedAt: string
  idleMb: Memory
  connectedMb?: Memory
  delivery?: DeliveryFigures
  one?: LoopFigures
  fifty?: LoopFigures
  kept: { sent: number; rows: number; archived?: number }[]
}

const members = 200
const perSecond = 20
const writers = 20
const inFlight = 32
/** What the start of a server left behind has time to settle before its memory is read. */
const settleMs = 2_000

export async function measureServer(server: ChatServer, plan: RoundPlan): Promise<ServerRound> {
  await wait(settleMs)
  const round: ServerRound = {
    server: server.name,
    startedAt: new Date().toISOString(),
    idleMb: memoryOf(server),
    kept: [],
  }
  if (plan.only.includes('delivery') || plan.only.includes('one'))
    await inChats(server, round, { chats: 1, membersEach: members, title: 'square' }, async (clients, ledger) => {
      if (plan.only.includes('delivery')) {
        round.delivery = await measureDeliveries(server, clients, ledger, plan)
        round.connectedMb = memoryOf(server)
      }
      if (plan.only.includes('one')) round.one = await measureLoop(server, clients, ledger, plan)
    })
  if (plan.only.includes('fifty'))
    await inChats(server, round, { chats: 50, membersEach: 4, title: 'team' }, async (clients, ledger) => {
      round.fifty = await measureLoop(server, clients, ledger, plan)
    })
  return round
}

async function measureDeliveries(
  server: ChatServer,
  clients: ChatClient[],
  ledger: DeliveryLedger,
  plan: RoundPlan,
): Promise<DeliveryFigures> {
  const run = (seconds: number) => runSteadyStream({ server, clients, ledger, perSecond, seconds, writers })
  await run(plan.warmSeconds)
  const { delays, cpu, bytesPerDelivery, slowest } = await run(plan.deliverySeconds)
  return {
    p50: quantile(delays, 0.5),
    p99: quantile(delays, 0.99),
    slowest: quantile(delays, 1),
    cpu: perThousand(cpu, delays.length),
    bytesPerDelivery,
    deliveries: delays.length,
    slowestMessages: slowest,
  }
}

async function measureLoop(
  server: ChatServer,
  clients: ChatClient[],
  ledger: DeliveryLedger,
  plan: RoundPlan,
): Promise<LoopFigures> {
  const run = (seconds: number) => runClosedLoop({ server, clients, ledger, seconds, inFlight })
  await run(plan.warmSeconds)
  const { cpu, ...figures } = await run(plan.loopSeconds)
  return { ...figures, cpu: perThousand(cpu, figures.sent) }
}

/** Fails unless all that was sent in these chats has been kept. */
async function inChats(
  server: ChatServer,
  round: ServerRound,
  plan: ChatPlan,
  work: (clients: ChatClient[], ledger: DeliveryLedger) => Promise<void>,
): Promise<void> {
  const clients = await server.openClients(plan)
  try {
    const ledger = new DeliveryLedger(clients)
    const rowsBefore = await server.countRows()
    await work(clients, ledger)
    // Counted while the members are there: ejabberd forgets a room and its archive with the last who leaves.
    const archived = await server.countArchived?.(clients)
    const rows = (await server.countRows()) - rowsBefore
    const { sent } = ledger
    round.kept.push({ sent, rows, ...(archived === undefined ? {} : { archived }) })
    if (rows !== sent || (archived ?? sent) !== sent)
      throw new Error(
        `Of ${sent} messages ${server.name} keeps ${rows} rows${archived === undefined ? '' : ` and counts ${archived}`}.`,
      )
  } finally {
    for (const client of clients) client.close()
  }
}

function memoryOf({ processes: { server, postgres, redis } }: ChatServer): Memory {
  const of = (root: number | undefined) => (root ? memoryMb(family(root)) : 0)
  return { server: of(server), postgres: of(postgres), redis: of(redis) }
}
