import { expect, it } from 'vitest'
import { type Evidence, assessNode } from './verdict.ts'

const quiet: Evidence = {
  silentMs: 500,
  healthyMs: 60_000,
  reported: false,
  probe: null,
  answeredBefore: true,
  silentTogether: 1,
  aliveNodes: 2,
}
const gone = { silentMs: 3_000, probe: 'none' } as const

/** The whole rule, one case in each line. */
const table: [string, Partial<Evidence>, ReturnType<typeof assessNode>][] = [
  ['a node with recent heartbeats is alive', {}, 'alive'],
  ['a node that was silent for three seconds is probed', { silentMs: 3_000 }, 'probe'],
  ['a node that was silent for a little less is not probed', { silentMs: 2_999 }, 'alive'],
  ['a silent node that does not answer is dead', gone, 'dead'],
  ['a silent node that answers is alive', { ...gone, probe: 'alive' }, 'alive'],
  ['a boot is dead when another boot answers at its port', { silentMs: 0, probe: 'other' }, 'dead'],
  [
    'a silent node is alive when this process was not healthy for all of its silence',
    { ...gone, healthyMs: 2_999 },
    'alive',
  ],
  ['a silent node is dead when this process was healthy for just as long', { ...gone, healthyMs: 3_000 }, 'dead'],
  ['a reported node is probed at once', { reported: true }, 'probe'],
  ['a reported node that answers is alive', { reported: true, probe: 'alive' }, 'alive'],
  [
    'a reported node is dead when nothing listens where it answered before',
    { reported: true, probe: 'refused' },
    'dead',
  ],
  [
    'a reported node is alive when it refuses a process that it never answered',
    { reported: true, probe: 'refused', answeredBefore: false },
    'alive',
  ],
  [
    'a reported node that does not answer is alive when its heartbeat has just come',
    { reported: true, probe: 'none' },
    'alive',
  ],
  [
    'a reported node that does not answer and whose heartbeat is late is dead',
    { reported: true, probe: 'none', silentMs: 1_500 },
    'dead',
  ],
  [
    'a reported node that does not answer is alive when this process has just started',
    { reported: true, probe: 'none', silentMs: 9_000, healthyMs: 1_499 },
    'alive',
  ],
  [
    'a refusal proves a reported node dead even when this process has just started',
    { reported: true, probe: 'refused', healthyMs: 0 },
    'dead',
  ],
  ['one silent node of two is dead', { ...gone, silentTogether: 1, aliveNodes: 2 }, 'dead'],
  ['the only node is dead when it is silent', { ...gone, silentTogether: 1, aliveNodes: 1 }, 'dead'],
  ['two silent nodes of two are spared', { ...gone, silentTogether: 2, aliveNodes: 2 }, 'alive'],
  ['two silent nodes of three are spared', { ...gone, silentTogether: 2, aliveNodes: 3 }, 'alive'],
  [
    'two silent nodes of four are dead, because half is not most',
    { ...gone, silentTogether: 2, aliveNodes: 4 },
    'dead',
  ],
  ['three silent nodes of five are spared', { ...gone, silentTogether: 3, aliveNodes: 5 }, 'alive'],
  [
    'two reported nodes of two are spared',
    { reported: true, probe: 'refused', silentTogether: 2, aliveNodes: 2 },
    'alive',
  ],
  [
    'two reported nodes of two are dead after half a minute of silence',
    { ...gone, reported: true, silentMs: 30_000, silentTogether: 2, aliveNodes: 2 },
    'dead',
  ],
  [
    'two nodes of two that no client reports are spared for longer than half a minute',
    { ...gone, silentMs: 30_000, silentTogether: 2, aliveNodes: 2 },
    'alive',
  ],
  [
    'two nodes of two that are silent for longer than a seat is kept are dead',
    { ...gone, silentMs: 600_000, silentTogether: 2, aliveNodes: 2 },
    'dead',
  ],
]

it.each(table)('%s', (_rule, evidence, expected) => {
  expect(assessNode({ ...quiet, ...evidence })).toBe(expected)
})
