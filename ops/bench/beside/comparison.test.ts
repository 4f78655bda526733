import { expect, test } from 'vitest'
import { orderOfRound } from './comparison.ts'
import { comparedFigures, comparisonTable } from './comparison-table.ts'
import type { ServerRound } from './server-round.ts'

const cpu = { server: 2, postgres: 1, redis: 0, client: 1 }

function round(server: string, sendsPerSecond: number): ServerRound {
  const memory = { server: 30, postgres: 20, redis: 0 }
  const fifty = { sendsPerSecond, deliveriesPerSecond: 0, sent: 1, deliveries: 4, cpu, clientShare: 0.25 }
  return { server, startedAt: '2026-01-01T00:00:00Z', idleMb: memory, fifty, kept: [] }
}

const rounds = [100, 300, 200].flatMap((value) => [round('veche', value), round('prosody', value * 2)])

test('the table shows median, least and most of each server, and the ratio of the medians', () => {
  const lines = comparisonTable(comparedFigures(rounds, ['veche', 'prosody']), ['veche', 'prosody']).split('\n')
  expect(lines[0]!.split(/ {2,}/)).toEqual(['What', 'veche', 'prosody', 'veche ÷ prosody'])
  const sends = lines.find((line) => line.startsWith('50 chats of 4, sends'))!
  expect(sends.split(/ {2,}/)).toEqual([
    '50 chats of 4, sends, a second',
    '200 (100 to 300)',
    '400 (200 to 600)',
    '0.50',
  ])
})

test('a figure that was not measured has no line, and nothing is divided by zero', () => {
  const table = comparisonTable(comparedFigures(rounds.slice(0, 2), ['veche', 'prosody']), ['veche', 'prosody'])
  expect(table).not.toContain('Delivery')
  expect(table).toMatch(/… Redis, ms +0 +0 +–/)
  expect(table).not.toMatch(/NaN|Infinity/)
})

test('the CPU time of all servers leaves out the client', () => {
  const [all] = comparedFigures(rounds, ['veche', 'prosody']).filter(({ name }) =>
    name.endsWith('50 chats, all servers'),
  )
  expect(all!.values['veche']).toEqual([3, 3, 3])
})

test('another server begins each round, and none always follows the same one', () => {
  const names = ['veche', 'ejabberd', 'prosody']
  expect([0, 1, 2, 3].map((at) => orderOfRound(names, at).join(' '))).toEqual([
    'veche ejabberd prosody',
    'ejabberd veche prosody',
    'prosody veche ejabberd',
    'veche prosody ejabberd',
  ])
})
