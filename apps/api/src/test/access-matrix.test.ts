import { beforeAll, describe, expect, test } from 'vitest'
import { findActor } from '../auth/sessions.ts'
import type { Anyone } from '../ctx.ts'
import { appRouter } from '../router.ts'
import { callerFactory } from '../trpc.ts'
import {
  type ActorName,
  actors,
  type MatrixCast,
  furtherRows,
  matrix,
  newMatrixCast,
  type MatrixRow,
} from './access-matrix.ts'
import { type TestApi, newTestApi } from './harness.ts'
import { MediaNode } from './nodes/media-node.ts'
import { outcomeOf } from './outcome.ts'
import { ReadSocket } from './ReadSocket.ts'

type Procedure = (input: unknown) => Promise<unknown>
const procedures = Object.keys(appRouter._def.procedures)

describe('the access matrix', () => {
  let testApi: TestApi
  let shared: MatrixCast
  beforeAll(async () => {
    testApi = await newTestApi()
    await MediaNode.start(testApi.deps)
    shared = await newMatrixCast(testApi.deps)
  })

  test('every procedure has a row in the access matrix, and every row a procedure', () => {
    expect(Object.keys(matrix).sort()).toEqual([...procedures].sort())
  })

  test.each(Object.entries(matrix))('%s answers each kind of person as the access matrix says', async (path, row) => {
    expect(await outcomesOf(row, path)).toEqual(row.expected)
  })

  test.each(Object.entries(furtherRows))(
    '%s is open to each kind of person as the access matrix says',
    async (_name, row) => {
      expect(await outcomesOf(row, row.path)).toEqual(row.expected)
    },
  )

  test.each(Object.entries(matrix))(
    '%s refuses input with a key that it does not know',
    async (path, { input, expected }) => {
      const who = actors.find((actor) => expected[actor] === 'ok') ?? 'otherUser'
      const given = { ...(input(shared, who) as object | undefined), unheardOf: true }
      expect(await outcomeOf(procedureFor(path, who, shared)(given))).toBe('input.invalid')
    },
  )

  async function outcomesOf(row: MatrixRow, path: string): Promise<Record<string, unknown>> {
    const common = row.spends === 'row' ? await newMatrixCast(testApi.deps) : shared
    const found = actors.map(async (who) => {
      const cast = row.spends === 'each' && row.expected[who] === 'ok' ? await newMatrixCast(testApi.deps) : common
      return [who, await outcomeFor(row, path, who, cast)] as const
    })
    return Object.fromEntries(await Promise.all(found))
  }

  async function outcomeFor(row: MatrixRow, path: string, who: ActorName, cast: MatrixCast) {
    let answer: unknown
    const ask = async () => {
      const answered = await procedureFor(path, who, cast)(row.input(cast, who))
      answer = isStream(answered) ? await firstOf(answered) : answered
    }
    const outcome = await outcomeOf(ask())
    if (outcome === 'ok' && row.check && !row.check(answer, who, cast))
      return `ok, but the answer is ${JSON.stringify(answer)}`
    return outcome
  }

  let calls = 0
  /** As requests do it: the actor is the user to whom the token belongs now. */
  function procedureFor(path: string, who: ActorName, cast: MatrixCast): Procedure {
    calls += 1
    const token = who === 'anonymous' ? undefined : cast.people[who].token
    const nothing = () => undefined
    const ip = `10.2.${Math.floor(calls / 250)}.${1 + (calls % 250)}`
    const connection = {
      ip,
      device: 'test',
      setCookie: nothing,
      clearCookie: nothing,
      setDeviceCookie: nothing,
      socket: new ReadSocket(),
    }
    const context = async (): Promise<Anyone> => ({
      ...testApi.deps,
      actor: await findActor(testApi.deps, token),
      connection,
    })
    const caller: unknown = callerFactory(appRouter)(context)
    return path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], caller) as Procedure
  }
})

function isStream(answer: unknown): answer is AsyncIterable<unknown> {
  return typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer
}

async function firstOf(stream: AsyncIterable<unknown>): Promise<unknown> {
  for await (const frame of stream) return frame
  return undefined
}
