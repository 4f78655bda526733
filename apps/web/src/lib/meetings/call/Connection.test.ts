import type { MeetingId } from '@veche/shared/ids'
import type { JoinAnswer } from '@veche/shared/meetings'
import { beforeEach, expect, test } from 'vitest'
import { AppError } from '#lib/api/error.ts'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { FakeBrowser } from '../../../../test/browser.ts'
import { Connection } from './Connection.ts'
import type { Ask } from './door.ts'

beforeEach(() => void new FakeBrowser())

test('whoever goes while a place is asked for gives it back when it comes', async () => {
  const { connection, door, environment } = newConnection()
  void connection.join(false)
  await environment.quiet()
  connection.leave()
  connection.stop()
  await environment.quiet()
  expect(door.asked.map(({ signal }) => signal.aborted)).toEqual([false])
  door.answers(7)
  await environment.quiet()
  expect(door.left).toEqual([7])
})

test('whoever goes on the way to the place gives it back', async () => {
  const { connection, door, environment } = newConnection()
  void connection.join(false)
  await environment.quiet()
  door.answers(3)
  await Promise.resolve()
  connection.leave()
  connection.stop()
  await environment.quiet()
  expect(door.left).toEqual([3])
})

test('a door that does not answer is knocked at again, and three times is enough', async () => {
  const { connection, door, environment, over } = newConnection()
  void connection.join(false)
  await environment.pass(20_000)
  expect(door.asked.map(({ signal }) => signal.aborted)).toEqual([true, false])
  expect(over).toEqual([])
  await environment.pass(30_000)
  expect(door.asked).toHaveLength(3)
  expect(over).toEqual(['network.timeout'])
})

test('what no second try will change is said at once, in the words of whoever has the seat', async () => {
  for (const [code, said] of [
    ['meeting.seat_taken', 'taken_over'],
    ['meeting.full', 'meeting.full'],
  ] as const) {
    const { connection, door, environment, over } = newConnection()
    void connection.join(true)
    await environment.quiet()
    door.refuses(new AppError(code))
    await environment.quiet()
    expect([over, door.asked.length]).toEqual([[said], 1])
  }
})

/** A door that is answered by a test. */
function newConnection() {
  const environment = new TestEnvironment()
  const over: string[] = []
  let waiting = Promise.withResolvers<JoinAnswer>()
  const door = {
    asked: [] as { ask: Ask; signal: AbortSignal }[],
    left: [] as number[],
    join: (ask: Ask, signal: AbortSignal) => {
      door.asked.push({ ask, signal })
      waiting = Promise.withResolvers<JoinAnswer>()
      return waiting.promise
    },
    relays: async () => ({ iceServers: [] }),
    leave: (_: MeetingId, seatEpoch: number) => void door.left.push(seatEpoch),
    answers: (seatEpoch: number) =>
      waiting.resolve({ seatEpoch, routerRtpCapabilities: {}, node: { id: 'n', boot: 'b' } } as unknown as JoinAnswer),
    refuses: (error: AppError) => waiting.reject(error),
  }
  const ignore = () => undefined
  const connection = new Connection({
    environment: environment.forTab(),
    door,
    meetingId: 'm' as MeetingId,
    code: undefined,
    relayOnly: () => false,
    placed: ignore,
    joined: ignore,
    frame: ignore,
    trouble: ignore,
    over: (why) => over.push(why),
    refused: ignore,
    show: ignore,
  })
  return { environment, door, over, connection }
}
