import type { BootId } from '@veche/shared/ids'
import { beforeEach, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, newTestApi } from '../../test/harness.ts'
import { MediaNode } from '../../test/media-node.ts'
import { nodeKeys } from '../node-keys.ts'
import { NodeControl } from './NodeControl.ts'
import { buryNode, knownNodes } from './known-nodes.ts'
import { NodeWatch } from './NodeWatch.ts'

let testApi: TestApi
let watch: NodeWatch
const nodes: MediaNode[] = []
beforeAll(async () => {
  testApi = await newTestApi()
})
beforeEach(async () => {
  await testApi.deps.db.deleteFrom('sfu_nodes').execute()
  watch = new NodeWatch(testApi.deps)
})
afterEach(() => nodes.splice(0).forEach((node) => node.kill()))

async function start(count: number): Promise<MediaNode[]> {
  const started = await Promise.all(Array.from({ length: count }, () => MediaNode.start(testApi.deps)))
  for (const node of started) node.silence()
  nodes.push(...started)
  await watch.round()
  return started
}

/** Seconds in which these are heard, and the watch goes on. */
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

describe('the watch over the nodes', () => {
  it('finds a node dead that is silent for three seconds and does not answer, and not before', async () => {
    const [one, two] = await start(2)
    one!.kill()
    await seconds(2, [two!])
    expect(await dead()).toEqual([])
    await seconds(2, [two!])
    expect(await dead()).toEqual([one!.id])
  })

  it('leaves a node alone that is silent and answers: it cannot reach us, and keeps its calls', async () => {
    await start(1)
    await seconds(8, [])
    expect(await dead()).toEqual([])
  })

  it('that stood still itself blames nobody until it has watched for three seconds again', async () => {
    const [one, two] = await start(2)
    one!.kill()
    await testApi.passTime(20_000)
    await two!.beat()
    await watch.round()
    expect(await dead()).toEqual([])
    await seconds(2, [two!])
    expect(await dead()).toEqual([])
    await seconds(2, [two!])
    expect(await dead()).toEqual([one!.id])
  })

  it('that stood still itself believes no accuser who says that one does not answer', async () => {
    const [one] = await start(2)
    one!.mute = true
    await testApi.passTime(20_000)
    await watch.accuse(one!)
    expect(await dead()).toEqual([])
  })

  it('that had no database for a moment blames nobody for the silence before', async () => {
    const deps = { ...testApi.deps }
    watch = new NodeWatch(deps)
    const [one, two] = await start(2)
    one!.kill()
    await seconds(2, [two!])
    deps.polls = testApi.anotherProcess({ DATABASE_URL: 'postgres://veche@127.0.0.1:1/none' }).polls
    await expect(watch.round()).rejects.toThrow()
    deps.polls = testApi.deps.polls
    await seconds(3, [two!])
    expect(await dead()).toEqual([])
    await seconds(2, [two!])
    expect(await dead()).toEqual([one!.id])
  })

  it('takes it for its own fault when most nodes vanish together', async () => {
    const three = await start(3)
    for (const node of three.slice(1)) node.kill()
    await seconds(6, [three[0]!])
    expect(await dead()).toEqual([])
  })

  it('sees that they vanish together also when their hearts do not beat in step', async () => {
    const [one, two, three] = await start(3)
    await testApi.passTime(700)
    for (const node of [two!, three!]) await node.beat()
    for (const node of [one!, two!]) node.kill()
    await seconds(2, [three!])
    await testApi.passTime(400)
    // The first is silent for three seconds now, and the second is not yet.
    await watch.round()
    await seconds(4, [three!])
    expect(await dead()).toEqual([])
  })

  it('takes no node for gone that is heard and only does not answer', async () => {
    const [one, two] = await start(2)
    two!.mute = true
    one!.kill()
    await seconds(4, [two!])
    expect(await dead()).toEqual([one!.id])
  })

  it('that is told an earlier time by its database goes by that', async () => {
    const [one, two] = await start(2)
    await testApi.passTime(-3_600_000)
    for (const node of [one!, two!]) await node.beat()
    one!.kill()
    await seconds(4, [two!])
    expect(await dead()).toEqual([one!.id])
    await testApi.passTime(3_600_000)
  })

  it('asks a node once, however many accuse it at once', async () => {
    const [one] = await start(2)
    const before = one!.asked
    await Promise.all(Array.from({ length: 50 }, () => watch.accuse(one!)))
    expect(one!.asked - before).toBe(1)
  })

  it('asks again when it stood still itself while it asked', async () => {
    const control = new NodeControl(testApi.env)
    const probe = control.probe.bind(control)
    let stood = false
    control.probe = (node) => {
      const asked = probe(node)
      for (const until = performance.now() + 450; !stood && performance.now() < until;);
      stood = true
      return asked
    }
    watch = new NodeWatch({ ...testApi.deps, control })
    const [one] = await start(2)
    one!.kill()
    stood = false
    await watch.accuse(one!)
    expect(await dead()).toEqual([one!.id])
  })

  it('an accused node that answers is kept, and one where nobody listens is dead at once', async () => {
    const [one, two] = await start(2)
    await watch.accuse(one!)
    expect(await dead()).toEqual([])
    one!.kill()
    await watch.accuse({ id: one!.id, boot: crypto.randomUUID() as BootId })
    expect(await dead()).toEqual([])
    await watch.accuse(one!)
    expect(await dead()).toEqual([one!.id])
    await watch.accuse(two!)
    expect(await dead()).toEqual([one!.id])
  })

  it('a refusal means nothing to a process that was never answered: it may ask at the wrong place', async () => {
    const [one] = await start(2)
    one!.kill()
    const elsewhere = new NodeWatch(testApi.anotherProcess())
    await elsewhere.accuse(one!)
    expect(await dead()).toEqual([])
    await watch.accuse(one!)
    expect(await dead()).toEqual([one!.id])
  })

  it('an accused node that does not answer in time, and whose heart beats, is kept', async () => {
    const [one, two] = await start(2)
    one!.mute = true
    await one!.beat()
    await watch.accuse(one!)
    expect(await dead()).toEqual([])
    await seconds(2, [two!])
    // On a busy machine it may be us who are late: then it is asked again.
    const accused = () => watch.accuse(one!).then(dead)
    await expect.poll(accused).toEqual([one!.id])
  })

  it('when both of two are gone, an accusation kills neither', async () => {
    const [one, two] = await start(2)
    one!.kill()
    two!.kill()
    await watch.accuse(one!)
    await watch.accuse(two!)
    expect(await dead()).toEqual([])
  })

  it('a node that died after another had died is dead too', async () => {
    const [one, two] = await start(2)
    one!.kill()
    await watch.accuse(one!)
    two!.kill()
    await watch.accuse(two!)
    expect(await dead()).toEqual([one!.id, two!.id].sort())
  })

  it('another life at the address of a node is the death of the one that was known', async () => {
    const [one] = await start(2)
    const before = one!.boot
    one!.boot = crypto.randomUUID() as BootId
    await watch.accuse({ id: one!.id, boot: before })
    expect(await dead()).toEqual([one!.id])
  })

  it('forgets who has been dead for a day', async () => {
    const [one, two] = await start(2)
    await buryNode(testApi.deps.db, one!)
    await testApi.passTime(86_400_000 + 1_000)
    expect((await knownNodes(testApi.deps.db)).map(({ id }) => id)).toEqual([two!.id])
    await one!.beat()
    expect(await knownNodes(testApi.deps.db)).toHaveLength(2)
  })

  it('tells each round who lives, and measures it', async () => {
    const heard: string[][] = []
    watch.listen((known) => void heard.push(known.map(({ id }) => id)))
    const started = await start(2)
    expect(heard).toEqual([started.map(({ id }) => id).sort()])
    const text = await testApi.deps.metrics.registry.metrics()
    expect(text).toContain('veche_nodes{state="alive"} 2')
  })
})

describe('the line to a control port', () => {
  it('says apart who lives, who is gone and who has another key', async () => {
    const [node] = await start(1)
    const control = () => new NodeControl(testApi.env)
    const address = { id: node!.id, control: node!.heartbeat().control }
    const kept = control()
    expect(await kept.probe(address)).toEqual({ answer: 'alive', boot: node!.boot })
    const stranger = new NodeControl({ ...testApi.env, VECHE_SECRET: 's'.repeat(40) })
    expect(await stranger.probe(address)).toEqual({ answer: 'none' })
    node!.kill()
    // Also over the connection that it has kept.
    expect(await kept.probe(address)).toEqual({ answer: 'refused' })
    expect(await control().probe(address)).toEqual({ answer: 'refused' })
  })

  it('reaches a node that has the key of the secret before', async () => {
    const [node] = await start(1)
    const env = { ...testApi.env, VECHE_SECRET: 'n'.repeat(40), VECHE_SECRET_PREVIOUS: testApi.env.VECHE_SECRET }
    expect(nodeKeys(env, node!.id)).toHaveLength(2)
    const address = { id: node!.id, control: node!.heartbeat().control }
    expect(await new NodeControl(env).probe(address)).toMatchObject({ answer: 'alive' })
  })
})
