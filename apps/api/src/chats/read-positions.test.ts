import type { ChatId } from '@veche/shared/ids'
import fc from 'fast-check'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { newGroup, newUsers, say, type TestUser } from '../test/builders.ts'
import { callerFor, newTestApi, type TestApi } from '../test/harness.ts'
import { addReaders } from '../test/many-rows.ts'
import { chatView } from './view.ts'

let testApi: TestApi
let people: TestUser[]
beforeAll(async () => {
  testApi = await newTestApi()
  people = await newUsers(testApi.deps, [{}, {}, {}, {}, {}])
})

const as = (who: TestUser) => callerFor(testApi.deps, who)

async function readByOthers(who: TestUser, chatId: ChatId): Promise<number | undefined> {
  const { rev, positions } = await as(who).sync.scope({ id: chatId, since: 0 })
  const state = await as(who).sync.state({ scopes: [[chatId, rev]] })
  expect(state.positions).toEqual([{ chatId, ...positions }])
  return positions?.read
}

type Action = { kind: 'say' | 'read' | 'join' | 'leave' | 'remove'; who: number; back: number }

const action: fc.Arbitrary<Action> = fc.record({
  kind: fc.constantFrom('say', 'read', 'read', 'join', 'leave', 'remove'),
  who: fc.nat(4),
  back: fc.nat(3),
})

/** A group as its definition says it: each member with the message that told of their joining, and how far they have read. */
class Model {
  newest = 1
  readonly members = new Map([0, 1].map((who) => [who, { joined: 1, read: 0 }]))

  readByOthers(than: number): number {
    const others = [...this.members].filter(([who, { joined, read }]) => who !== than && read > joined)
    return Math.max(0, ...others.map(([, { read }]) => read))
  }
}

/** Does an action that is possible now, in the product and in the model. The first person is the owner, and stays. */
async function act(model: Model, chatId: ChatId, { kind, who, back }: Action): Promise<void> {
  const [owner, user] = [people[0]!, people[who]!]
  const member = model.members.get(who)
  if (kind === 'join') {
    if (member) return
    await as(owner).chats.addMembers({ chatId, userIds: [user.userId] })
    model.newest += 1
    model.members.set(who, { joined: model.newest, read: model.newest })
    return
  }
  if (!member || (who === 0 && (kind === 'leave' || kind === 'remove'))) return
  if (kind === 'say') {
    await say(testApi.deps, user, chatId, 'a word')
    model.newest += 1
  } else if (kind === 'read') {
    const seq = Math.max(0, model.newest - back)
    await as(user).messages.read({ chatId, seq })
    member.read = Math.max(member.read, seq)
  } else {
    if (kind === 'leave') await as(user).chats.leave({ chatId })
    else await as(owner).chats.removeMember({ chatId, userId: user.userId })
    model.newest += 1
    model.members.delete(who)
  }
}

test('each member is told the furthest read position of the other members, whoever joins, leaves, writes and reads', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 6, maxLength: 14 }), async (actions) => {
      const chatId = await newGroup(testApi.deps, people.slice(0, 2))
      const model = new Model()
      for (const each of actions) await act(model, chatId, each)
      for (const who of model.members.keys())
        expect(await readByOthers(people[who]!, chatId)).toBe(model.readByOthers(who))
    }),
    { numRuns: 8 },
  )
})

type Plan = { 'Actual Rows': number; 'Actual Loops': number; 'Rows Removed by Filter'?: number; Plans?: Plan[] }

function rowsTouched(plan: Plan): number {
  const here = (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops']
  return (plan.Plans ?? []).reduce((sum, child) => sum + rowsTouched(child), here)
}

test('the furthest read position of a group of 5,000 is found in a handful of rows', async () => {
  const { deps } = testApi
  const [me] = people
  const chatId = await newGroup(deps, people)
  const { seq } = await say(deps, me!, chatId, 'has everybody read this?')
  await addReaders(deps, chatId, { count: 5_000, readSeq: seq })
  await sql`analyze members`.execute(deps.db)
  expect(await readByOthers(me!, chatId)).toBe(seq)
  const statement = chatView.positions!([chatId], me!.userId)
  const { rows } = await sql<{ 'QUERY PLAN': { Plan: Plan }[] }>`
    explain (analyze, format json) ${statement}`.execute(deps.db)
  expect(rowsTouched(rows[0]!['QUERY PLAN'][0]!.Plan)).toBeLessThan(20)
})
