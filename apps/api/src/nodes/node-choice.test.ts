import type { BootId, NodeId } from '@veche/shared/ids'
import { expect, it } from 'vitest'
import { type CandidateNode, chooseNode, type CurrentPlacement } from './node-choice.ts'

function node(id: string, given: Partial<CandidateNode> = {}): CandidateNode {
  const usual = {
    dead: false,
    silentMs: 300,
    full: false,
    draining: false,
    hasCapabilities: true,
    load: 0.2,
    workers: 1,
    recentMeetings: 0,
  }
  return { id: id as NodeId, boot: `boot of ${id}` as BootId, ...usual, ...given }
}
const on = (id: string, given: Partial<CurrentPlacement> = {}): CurrentPlacement => ({
  node: { id: id as NodeId, boot: `boot of ${id}` as BootId },
  placedMs: 60_000,
  others: 1,
  isRefused: false,
  ...given,
})
const nowhere: CurrentPlacement = { node: null, placedMs: null, others: 0, isRefused: false }

const table: [string, CurrentPlacement, CandidateNode[], [string, string] | null][] = [
  ['a new meeting goes to the least busy node', nowhere, [node('a', { load: 0.5 }), node('b')], ['b', 'first']],
  ['meetings that were just placed on a node count as its load', nowhere, [node('a', { recentMeetings: 9 }), node('b', { load: 0.3 })], ['b', 'first']],
  ['meetings that were just placed on a node are shared by its workers', nowhere, [node('a', { recentMeetings: 8, workers: 8 }), node('b', { load: 0.21, recentMeetings: 1 })], ['a', 'first']],
  ['of equally loaded nodes the first by name is chosen', nowhere, [node('b'), node('a')], ['a', 'first']],
  ['without any node a meeting cannot be placed', nowhere, [], null],
  ['a new meeting does not go to a dead node', nowhere, [node('a', { dead: true })], null],
  ['a new meeting does not go to a silent node', nowhere, [node('a', { silentMs: 10_000 })], null],
  ['a new meeting does not go to a full node', nowhere, [node('a', { full: true })], null],
  ['a new meeting does not go to a draining node', nowhere, [node('a', { draining: true })], null],
  ['a new meeting does not go to a node that has not told its capabilities', nowhere, [node('a', { hasCapabilities: false })], null],
  ['a meeting stays on its node although another is less busy', on('a'), [node('a', { load: 0.9 }), node('b')], ['a', 'stays']],
  ['a meeting stays on a node that is silent and not dead', on('a'), [node('a', { silentMs: 9_000 }), node('b')], ['a', 'stays']],
  ['a meeting stays on a full node while others are in it', on('a'), [node('a', { full: true }), node('b')], ['a', 'stays']],
  ['a meeting leaves a full node when nobody else is in it', on('a', { others: 0 }), [node('a', { full: true }), node('b')], ['b', 'choice']],
  ['a meeting does not leave a full node soon after a move', on('a', { others: 0, placedMs: 29_999 }), [node('a', { full: true }), node('b')], ['a', 'stays']],
  ['a meeting stays on a full node when there is no other', on('a', { others: 0 }), [node('a', { full: true })], ['a', 'stays']],
  ['a meeting leaves a node that has refused it, even right after a move and while others have seats', on('a', { isRefused: true, placedMs: 0 }), [node('a'), node('b', { load: 0.6 })], ['b', 'refused']],
  ['a meeting that was refused stays when there is no other node', on('a', { isRefused: true }), [node('a'), node('b', { full: true })], ['a', 'stays']],
  ['a meeting moves when its node is dead', on('a'), [node('a', { dead: true }), node('b')], ['b', 'death']],
  ['a meeting moves from a dead node however soon after a move', on('a', { placedMs: 0 }), [node('a', { dead: true }), node('b')], ['b', 'death']],
  ['a new boot of a node is the death of the old one', on('a'), [node('a', { boot: 'another' as BootId })], ['a', 'death']],
  ['a meeting on a dead node cannot be placed when the others are full', on('a'), [node('a', { dead: true }), node('b', { full: true })], null],
] // prettier-ignore

it.each(table)('%s', (_rule, placement, nodes, expected) => {
  const choice = chooseNode(placement, nodes)
  expect(choice && [choice.node.id, choice.reason]).toEqual(expected)
})
