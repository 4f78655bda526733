import { quantile } from '../../figures/quantile.ts'
import type { Storm } from '../storm.ts'

/** A report of a storm for people: what happened, and which oracles failed. */
export function describe({ options, seconds, record, violations, traffic, network, delays }: Storm): string {
  const { composed, acks, tries, refusals, stored, endings } = record
  const given = Object.values(tries).reduce((total, count) => total + count, 0)
  const lines = [
    `Storm of ${Math.round(seconds)} s, seed ${options.seed}: ${options.people} people, ${options.chats} chats, ${options.apis} API processes`,
    counted('Faults', record.faults),
    counted('Network', network),
    counted('People', traffic),
    `Messages: ${composed.length} written, ${given} times given to the server (${given - Object.keys(tries).length} of them again), ${acks.length} acknowledged, ${refusals.length} refused, ${stored.length} rows stored, ${record.sightings.length} shown to devices`,
    `Delay with Redis: ${spread(delays.withRedis)}`,
    `Delay without Redis: ${spread(delays.withoutRedis)}`,
    `Compared with a fresh fetch: ${endings.length} devices, ${endings.reduce((total, { held }) => total + Object.keys(held).length, 0)} chats, ${messages(endings)} messages`,
    '',
  ]
  const verdict = violations.flatMap(({ oracle, says, found }) => [
    `✗ ${oracle}: ${says} It did not, ${found.length} times:`,
    ...found.slice(0, 5).map((one) => `    ${one.slice(0, 600)}`),
  ])
  return [...lines, ...(verdict.length ? verdict : ['✓ Everything held.'])].join('\n')
}

function counted(title: string, counts: Record<string, number>): string {
  return `${title}: ${Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')}`
}

function spread(sorted: number[]): string {
  if (sorted.length === 0) return 'nothing measured'
  const ms = (part: number) => `${Math.round(quantile(sorted, part))} ms`
  return `p50 ${ms(0.5)}, p99 ${ms(0.99)}, most ${ms(1)} (${sorted.length} deliveries)`
}

function messages(endings: Storm['record']['endings']): number {
  return endings.reduce(
    (total, { held }) => total + Object.values(held).reduce((count, chat) => count + chat.messages.length, 0),
    0,
  )
}
