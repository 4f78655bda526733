import type { BootId } from '@veche/shared/ids'
import { beforeEach, afterEach, beforeAll, expect, it } from 'vitest'
import { type TestApi, newTestApi } from '../test/harness.ts'
import { MediaNode } from '../test/nodes/media-node.ts'
import { stopSqlClock } from '../test/meetings.ts'
import { nodeKeys } from './keys.ts'
import { NodeControl } from './NodeControl.ts'
import { markNodeDead, knownNodes } from './known-nodes.ts'
import { NodeWatch } from './NodeWatch.ts'

let testApi: TestApi
let watch: NodeWatch
const nodes: MediaNode[] = []
beforeAll(async () => {
  testApi = await newTestApi()
})
beforeEach(async () => {
  await testApi.deps.db.deleteFrom('sfu_nodes').execute()
  await stopSqlClock(testApi)
  watch = new NodeWatch(testApi.deps)
})
afterEach(() => Promise.all(nodes.splice(0).map((node) => node.kill())))

async function start(count: number): Promise<MediaNode[]> {
  const started = await Promise.all(Array.from({ length: count }, () => MediaNode.start(testApi.deps)))
  await Promise.all(started.map((node) => node.silence()))
  nodes.push(...started)
  await watch.round()
  return started
}

/** Lets seconds pass in which these nodes send heartbeats, with a round after each. */
async function seconds(count: number, beating: MediaNode[]): Promise<void> {
  for (let second = 0; second < count; second += 1) {
    await testApi.passTime(1_000)
    for (const node of beating) await node.beat()
    await watch.round()
  }
}

async function dead(): Promise<string[]> {
  return (await knownNodes(testApi.deps.db)).filter((node) => node.dead).map(({ id }) => id)
}

it('a node that is silent for three seconds and does not answer is marked dead, and not earlier', async () => {
  const [one, two] = await start(2)
  await one!.kill()
  await seconds(2, [two!])
  expect(await dead()).toEqual([])
  await seconds(2, [two!])
  expect(await dead()).toEqual([one!.id])
})

it('a silent node that answers probes stays alive, because it keeps its calls', async () => {
  await start(1)
  await seconds(8, [])
  expect(await dead()).toEqual([])
})

it('a process that stood still marks no node dead until it has watched for three seconds again', async () => {
  const [one, two] = await start(2)
  await one!.kill()
  await testApi.passTime(20_000)
  await two!.beat()
  await watch.round()
  expect(await dead()).toEqual([])
  await seconds(2, [two!])
  expect(await dead()).toEqual([])
  await seconds(2, [two!])
  expect(await dead()).toEqual([one!.id])
})

it('a process that stood still does not mark a reported node dead when it only fails to answer', async () => {
  const [one] = await start(2)
  one!.ignoresProbes = true
  await testApi.passTime(20_000)
  await watch.reportUnreachable(one!)
  expect(await dead()).toEqual([])
})

it('a process that had no database for a moment does not count the silence before it', async () => {
  const deps = { ...testApi.deps }
  watch = new NodeWatch(deps)
  const [one, two] = await start(2)
  await one!.kill()
  await seconds(2, [two!])
  deps.polls = testApi.anotherProcess({ DATABASE_URL: 'postgres://veche@127.0.0.1:1/none' }).polls
  await expect(watch.round()).rejects.toThrow()
  deps.polls = testApi.deps.polls
  await seconds(3, [two!])
  expect(await dead()).toEqual([])
  await seconds(2, [two!])
  expect(await dead()).toEqual([one!.id])
})

it('no node is marked dead when most nodes fall silent together', async () => {
  const three = await start(3)
  await Promise.all(three.slice(1).map((node) => node.kill()))
  await seconds(6, [three[0]!])
  expect(await dead()).toEqual([])
})

it('nodes whose heartbeats come at different times count as silent together', async () => {
  const [one, two, three] = await start(3)
  await testApi.passTime(700)
  for (const node of [two!, three!]) await node.beat()
  await Promise.all([one!, two!].map((node) => node.kill()))
  await seconds(2, [three!])
  await testApi.passTime(400)
  // The first has been silent for three seconds now, and the second not yet.
  await watch.round()
  await seconds(4, [three!])
  expect(await dead()).toEqual([])
})

it('a node that sends heartbeats and does not answer probes does not count as silent together with a dead one', async () => {
  const [one, two] = await start(2)
  two!.ignoresProbes = true
  await one!.kill()
  await seconds(4, [two!])
  expect(await dead()).toEqual([one!.id])
})

it('a clock of the database that was set back does not stop the watch', async () => {
  const [one, two] = await start(2)
  await testApi.passTime(-3_600_000)
  for (const node of [one!, two!]) await node.beat()
  await one!.kill()
  await seconds(4, [two!])
  expect(await dead()).toEqual([one!.id])
  await testApi.passTime(3_600_000)
})

it('a node that many clients report at once is probed once', async () => {
  const [one] = await start(2)
  const before = one!.probes
  await Promise.all(Array.from({ length: 50 }, () => watch.reportUnreachable(one!)))
  expect(one!.probes - before).toBe(1)
})

it('a probe is repeated when the process stood still while it waited for the answer', async () => {
  const nodeControl = new NodeControl(testApi.env)
  const probe = nodeControl.probe.bind(nodeControl)
  let hasStoodStill = false
  nodeControl.probe = (node) => {
    const probed = probe(node)
    for (const until = performance.now() + 450; !hasStoodStill && performance.now() < until;);
    hasStoodStill = true
    return probed
  }
  watch = new NodeWatch({ ...testApi.deps, nodeControl })
  const [one] = await start(2)
  await one!.kill()
  hasStoodStill = false
  await watch.reportUnreachable(one!)
  expect(await dead()).toEqual([one!.id])
})

it('a reported node that answers stays alive, and one where nothing listens is marked dead at once', async () => {
  const [one, two] = await start(2)
  await watch.reportUnreachable(one!)
  expect(await dead()).toEqual([])
  await one!.kill()
  await watch.reportUnreachable({ id: one!.id, boot: crypto.randomUUID() as BootId })
  expect(await dead()).toEqual([])
  await watch.reportUnreachable(one!)
  expect(await dead()).toEqual([one!.id])
  await watch.reportUnreachable(two!)
  expect(await dead()).toEqual([one!.id])
})

it('a refusal proves nothing to a process that the node never answered, because it may ask at a wrong address', async () => {
  const [one] = await start(2)
  await one!.kill()
  const elsewhere = new NodeWatch(testApi.anotherProcess())
  await elsewhere.reportUnreachable(one!)
  expect(await dead()).toEqual([])
  await watch.reportUnreachable(one!)
  expect(await dead()).toEqual([one!.id])
})

it('a reported node that does not answer in time stays alive while its heartbeats come', async () => {
  const [one, two] = await start(2)
  one!.ignoresProbes = true
  await one!.beat()
  await watch.reportUnreachable(one!)
  expect(await dead()).toEqual([])
  await seconds(2, [two!])
  // On a busy machine this process may be too slow to hear the answer, and then the report is repeated.
  const reportAgain = () => watch.reportUnreachable(one!).then(dead)
  await expect.poll(reportAgain).toEqual([one!.id])
})

it('when both of two nodes are gone, a report marks neither dead', async () => {
  const [one, two] = await start(2)
  await one!.kill()
  await two!.kill()
  await watch.reportUnreachable(one!)
  await watch.reportUnreachable(two!)
  expect(await dead()).toEqual([])
})

it('a node that dies after another one has died is marked dead too', async () => {
  const [one, two] = await start(2)
  await one!.kill()
  await watch.reportUnreachable(one!)
  await two!.kill()
  await watch.reportUnreachable(two!)
  expect(await dead()).toEqual([one!.id, two!.id].sort())
})

it('a boot is marked dead when another boot answers at its address', async () => {
  const [one] = await start(2)
  const before = one!.boot
  one!.boot = crypto.randomUUID() as BootId
  await watch.reportUnreachable({ id: one!.id, boot: before })
  expect(await dead()).toEqual([one!.id])
})

it('a node that has been dead for a day is no longer listed', async () => {
  const [one, two] = await start(2)
  await markNodeDead(testApi.deps.db, one!)
  await testApi.passTime(86_400_000 + 1_000)
  expect((await knownNodes(testApi.deps.db)).map(({ id }) => id)).toEqual([two!.id])
  await one!.beat()
  expect(await knownNodes(testApi.deps.db)).toHaveLength(2)
})

it('each round tells the listeners which nodes there are, and counts them in the metrics', async () => {
  const told: string[][] = []
  watch.listen((known) => void told.push(known.map(({ id }) => id)))
  const started = await start(2)
  expect(told).toEqual([started.map(({ id }) => id).sort()])
  const text = await testApi.deps.metrics.registry.metrics()
  expect(text).toContain('veche_nodes{state="alive"} 2')
})

it('a probe distinguishes a living node, a stopped node and a node with another key', async () => {
  const [node] = await start(1)
  const control = () => new NodeControl(testApi.env)
  const address = { id: node!.id, control: node!.heartbeat().control }
  const kept = control()
  expect(await kept.probe(address)).toEqual({ answer: 'alive', boot: node!.boot })
  const stranger = new NodeControl({ ...testApi.env, VECHE_SECRET: 's'.repeat(40) })
  expect(await stranger.probe(address)).toEqual({ answer: 'none' })
  await node!.kill()
  // The same over a connection that was kept.
  expect(await kept.probe(address)).toEqual({ answer: 'refused' })
  expect(await control().probe(address)).toEqual({ answer: 'refused' })
})

it('a probe reaches a node that has the key of the previous secret', async () => {
  const [node] = await start(1)
  const env = { ...testApi.env, VECHE_SECRET: 'n'.repeat(40), VECHE_SECRET_PREVIOUS: testApi.env.VECHE_SECRET }
  expect(nodeKeys(env, node!.id)).toHaveLength(2)
  const address = { id: node!.id, control: node!.heartbeat().control }
  expect(await new NodeControl(env).probe(address)).toMatchObject({ answer: 'alive' })
})
