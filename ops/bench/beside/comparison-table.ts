import { allServers, type CpuUse } from '../figures/cpu-meter.ts'
import { aligned, shown } from '../figures/figure.ts'
import { median } from '../figures/quantile.ts'
import type { ServerRound } from './server-round.ts'

/** A figure with the values of each server, one a round, and how many times the median of another server Veche's is. */
export type ComparedFigure = {
  name: string
  unit: string
  values: Record<string, number[]>
  ratios: Record<string, number>
}

type Row = [name: string, unit: string, pick: (round: ServerRound) => number | undefined]

const rows: Row[] = [
  ['Delivery to 200, p50', 'ms', ({ delivery }) => delivery?.p50],
  ['Delivery to 200, p99', 'ms', ({ delivery }) => delivery?.p99],
  ['Delivery to 200, slowest', 'ms', ({ delivery }) => delivery?.slowest],
  ...cpuRows('CPU per 1,000 deliveries', 's', ({ delivery }) => delivery?.cpu),
  ['Bytes per delivery', '', ({ delivery }) => delivery?.bytesPerDelivery],
  ['Memory idle, all servers', 'MB', ({ idleMb }) => allServers(idleMb)],
  ['Memory with the 200, all servers', 'MB', ({ connectedMb }) => connectedMb && allServers(connectedMb)],
  ['… chat server', 'MB', ({ connectedMb }) => connectedMb?.server],
  ['One chat of 200, sends', 'a second', ({ one }) => one?.sendsPerSecond],
  ['One chat of 200, deliveries', 'a second', ({ one }) => one?.deliveriesPerSecond],
  ...cpuRows('CPU per send in one chat', 'ms', ({ one }) => one?.cpu),
  ["One chat of 200, client's share of a core", '', ({ one }) => one?.clientShare],
  ['50 chats of 4, sends', 'a second', ({ fifty }) => fifty?.sendsPerSecond],
  ...cpuRows('CPU per send over 50 chats', 'ms', ({ fifty }) => fifty?.cpu),
  ["50 chats of 4, client's share of a core", '', ({ fifty }) => fifty?.clientShare],
]

function cpuRows(name: string, unit: string, pick: (round: ServerRound) => CpuUse | undefined): Row[] {
  const of = (part: (cpu: CpuUse) => number) => (round: ServerRound) => {
    const cpu = pick(round)
    return cpu && part(cpu)
  }
  return [
    [`${name}, all servers`, unit, of(allServers)],
    ['… chat server', unit, of(({ server }) => server)],
    ['… Postgres', unit, of(({ postgres }) => postgres)],
    ['… Redis', unit, of(({ redis }) => redis)],
    ['… this client, not among them', unit, of(({ client }) => client)],
  ]
}

/** What was not measured is left out. */
export function comparedFigures(rounds: ServerRound[], servers: string[]): ComparedFigure[] {
  return rows.flatMap(([name, unit, pick]) => {
    const valuesOf = (server: string) =>
      rounds.filter((round) => round.server === server).flatMap((round) => pick(round) ?? [])
    const values = Object.fromEntries(servers.map((server) => [server, valuesOf(server)]))
    if (servers.some((server) => !values[server]!.length)) return []
    const [own, ...others] = servers.map((server) => median(values[server]!))
    const ratios = Object.fromEntries(others.map((other, at) => [servers[at + 1]!, own! / other]))
    return { name, unit, values, ratios }
  })
}

/** A line for each figure: median (least to most) of each server, then Veche's median as a multiple of each other's. */
export function comparisonTable(figures: ComparedFigure[], servers: string[]): string {
  const others = servers.slice(1)
  const lines = figures.map(({ name, unit, values, ratios }) => [
    unit ? `${name}, ${unit}` : name,
    ...servers.map((server) => spread(values[server]!)),
    ...others.map((other) => (Number.isFinite(ratios[other]) ? ratios[other]!.toFixed(2) : '–')),
  ])
  return aligned([['What', ...servers, ...others.map((other) => `${servers[0]} ÷ ${other}`)], ...lines])
}

function spread(values: number[]): string {
  if (values.length === 1) return shown(values[0]!)
  return `${shown(median(values))} (${shown(Math.min(...values))} to ${shown(Math.max(...values))})`
}
