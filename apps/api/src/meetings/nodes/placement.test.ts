import type { BootId, NodeId } from '@veche/shared/ids'
import { expect, it } from 'vitest'
import { type Candidate, placeMeeting, type Standing } from './placement.ts'

function node(id: string, given: Partial<Candidate> = {}): Candidate {
  const usual = { dead: false, silentMs: 300, full: false, draining: false, able: true, load: 0.2, newcomers: 0 }
  return { id: id as NodeId, boot: `boot of ${id}` as BootId, ...usual, ...given }
}
const at = (id: string, given: Partial<Standing> = {}): Standing => ({
  node: { id: id as NodeId, boot: `boot of ${id}` as BootId },
  movedMs: 60_000,
  others: 1,
  ...given,
})
const nowhere: Standing = { node: null, movedMs: null, others: 0 }

const table: [string, Standing, Candidate[], [string, string] | null][] = [
  ['a new meeting goes to the least busy node', nowhere, [node('a', { load: 0.5 }), node('b')], ['b', 'first']],
  ['those that have just come count', nowhere, [node('a', { newcomers: 9 }), node('b', { load: 0.3 })], ['b', 'first']],
  ['of equals the first', nowhere, [node('b'), node('a')], ['a', 'first']],
  ['no node at all', nowhere, [], null],
  ['not to a dead one', nowhere, [node('a', { dead: true })], null],
  ['not to a silent one', nowhere, [node('a', { silentMs: 10_000 })], null],
  ['not to a full one', nowhere, [node('a', { full: true })], null],
  ['not to one that drains', nowhere, [node('a', { draining: true })], null],
  ['not to one whose routers are unknown', nowhere, [node('a', { able: false })], null],
  ['it stays where it is', at('a'), [node('a', { load: 0.9 }), node('b')], ['a', 'stays']],
  ['also on a node that is silent and not dead', at('a'), [node('a', { silentMs: 9_000 }), node('b')], ['a', 'stays']],
  ['also on a full one, with others in it', at('a'), [node('a', { full: true }), node('b')], ['a', 'stays']],
  ['it leaves a full one when nobody else is in it', at('a', { others: 0 }), [node('a', { full: true }), node('b')], ['b', 'choice']],
  ['and not soon after a move', at('a', { others: 0, movedMs: 29_999 }), [node('a', { full: true }), node('b')], ['a', 'stays']],
  ['and not to nowhere', at('a', { others: 0 }), [node('a', { full: true })], ['a', 'stays']],
  ['death moves it', at('a'), [node('a', { dead: true }), node('b')], ['b', 'death']],
  ['however soon', at('a', { movedMs: 0 }), [node('a', { dead: true }), node('b')], ['b', 'death']],
  ['a new life is the death of the old', at('a'), [node('a', { boot: 'another' as BootId })], ['a', 'death']],
  ['death, and nowhere to go', at('a'), [node('a', { dead: true }), node('b', { full: true })], null],
] // prettier-ignore

it.each(table)('%s', (_rule, standing, nodes, expected) => {
  const placed = placeMeeting(standing, nodes)
  expect(placed && [placed.node.id, placed.reason]).toEqual(expected)
})
