import type { Figure } from '../figures/figure.ts'
import { perThousand } from '../figures/cpu-meter.ts'
import { quantile } from '../figures/quantile.ts'
import type { BenchInstallation } from '../installation/BenchInstallation.ts'
import { DeliveryLedger } from '../beside/DeliveryLedger.ts'
import { runSteadyStream, type SteadyStreamRound } from '../beside/steady-stream.ts'
import { VecheServer } from '../beside/VecheServer.ts'

export type DeliveryOptions = { members: number; perSecond: number; seconds: number; rounds: number }

const writers = 20

/** One chat with all members connected and a steady stream of messages: the time from sending to each receiver. */
export async function measureDelivery(installation: BenchInstallation, options: DeliveryOptions): Promise<Figure[]> {
  const server = new VecheServer(installation)
  const clients = await server.openClients({ chats: 1, membersEach: options.members, title: 'Square' })
  const ledger = new DeliveryLedger(clients)
  const run = (seconds: number) =>
    runSteadyStream({ server, clients, ledger, perSecond: options.perSecond, seconds, writers })
  await run(5)
  const rounds: SteadyStreamRound[] = []
  for (let at = 0; at < options.rounds; at += 1) rounds.push(await run(options.seconds))
  for (const client of clients) client.close()
  const of = (pick: (round: SteadyStreamRound) => number) => rounds.map(pick)
  const cpu = ({ cpu, delays }: SteadyStreamRound) => perThousand(cpu, delays.length)
  const title = `${options.members} members, ${options.perSecond} a second`
  return [
    { name: `Delivery p50 (${title})`, unit: 'ms', values: of(({ delays }) => quantile(delays, 0.5)) },
    {
      name: `Delivery p99 (${title})`,
      unit: 'ms',
      values: of(({ delays }) => quantile(delays, 0.99)),
      aim: { most: 50 },
    },
    { name: 'Delivery, slowest', unit: 'ms', values: of(({ delays }) => quantile(delays, 1)) },
    { name: 'Acknowledgement p50', unit: 'ms', values: of(({ acks }) => quantile(acks, 0.5)) },
    { name: 'Acknowledgement p99', unit: 'ms', values: of(({ acks }) => quantile(acks, 0.99)) },
    { name: 'API CPU per 1,000 deliveries', unit: 's', values: of((round) => cpu(round).server) },
    { name: 'Postgres CPU per 1,000 deliveries', unit: 's', values: of((round) => cpu(round).postgres) },
    { name: 'Bytes per delivery', unit: 'bytes', values: of(({ bytesPerDelivery }) => bytesPerDelivery) },
  ]
}
