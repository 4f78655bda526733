import type { MeetingId } from '@veche/shared/ids'
import type { JoinAnswer } from '@veche/shared/meetings'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { Api } from '#lib/api/client.ts'
import { AppError, type AppErrorCode } from '#lib/api/error.ts'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { FakeBrowser } from '../../../../../test/browser.ts'
import { PublicationSet } from '../publish/PublicationSet.ts'
import { RejoinRecord } from '../RejoinRecord.ts'
import { CallConnection } from './CallConnection.ts'
import { RouterDevice } from './router-device.ts'

/** One for the page, as in the app. */
const rejoinRecord = new RejoinRecord()
beforeAll(async () => void (await rejoinRecord.tab()))
beforeEach(() => void new FakeBrowser())
afterEach(() => void vi.unstubAllGlobals())

test('a seat that comes after the user has left is given back, as one that is left by hand', async () => {
  const { connection, api, environment } = newConnection()
  void connection.join(firstEntry)
  await environment.quiet()
  connection.leave({ byHand: true })
  connection.stop()
  await environment.quiet()
  expect(api.requests.map(({ signal }) => signal.aborted)).toEqual([false])
  api.answer(7)
  await environment.quiet()
  expect(api.left).toEqual([{ seatEpoch: 7, byHand: true }])
})

test('a seat is given back, as one that may be taken again, when the page is closed before its node was joined', async () => {
  const { connection, api, environment } = newConnection()
  void connection.join(firstEntry)
  await environment.quiet()
  api.answer(3)
  await Promise.resolve()
  connection.leave({ byHand: false })
  connection.stop()
  await environment.quiet()
  expect(api.left).toEqual([{ seatEpoch: 3, byHand: false }])
})

test('a seat whose node cannot be joined is given back when the user leaves between two attempts, and after the last one', async () => {
  const { connection, api, environment, ends } = newConnection('call.media_lost')
  void connection.join(firstEntry)
  await environment.quiet()
  api.answer(4)
  await environment.quiet()
  connection.leave({ byHand: true })
  expect(api.left).toEqual([{ seatEpoch: 4, byHand: true }])
  for (const epoch of [5, 6]) {
    await environment.pass(1_100)
    api.answer(epoch)
    await environment.quiet()
  }
  expect(ends).toEqual(['call.media_lost'])
  expect(api.left.at(-1)).toEqual({ seatEpoch: 6, byHand: false })
})

test('an API that does not answer is asked three times', async () => {
  const { connection, api, environment, ends } = newConnection()
  void connection.join(firstEntry)
  await environment.pass(20_000)
  expect(api.requests.map(({ signal }) => signal.aborted)).toEqual([true, false])
  expect(ends).toEqual([])
  await environment.pass(30_000)
  expect(api.requests).toHaveLength(3)
  expect(ends).toEqual(['network.timeout'])
})

test('an error that no retry will change ends the call at once', async () => {
  for (const [code, why] of [
    ['meeting.seat_taken', 'taken_over'],
    ['meeting.full', 'meeting.full'],
  ] as const) {
    const { connection, api, environment, ends } = newConnection()
    void connection.join({ ...firstEntry, returning: true })
    await environment.quiet()
    api.refuse(new AppError(code))
    await environment.quiet()
    expect([ends, api.requests.length]).toEqual([[why], 1])
  }
})

const firstEntry = { returning: false, reconnect: null }

/** A connection whose API is answered by the test. With `failure` no node can be joined. */
function newConnection(failure?: AppErrorCode) {
  const environment = new TestEnvironment()
  const ends: string[] = []
  let pending = Promise.withResolvers<JoinAnswer>()
  const api = {
    requests: [] as { signal: AbortSignal }[],
    left: [] as { seatEpoch: number; byHand: boolean }[],
    join: (_: unknown, { signal }: { signal: AbortSignal }) => {
      api.requests.push({ signal })
      pending = Promise.withResolvers<JoinAnswer>()
      return pending.promise
    },
    answer: (seatEpoch: number) =>
      pending.resolve({ seatEpoch, routerRtpCapabilities: {}, node: { id: 'n', boot: 'b' } } as unknown as JoinAnswer),
    refuse: (error: AppError) => pending.reject(error),
  }
  const giveBack = async (_: string, { body }: RequestInit) => {
    const { seatEpoch, byHand } = JSON.parse(String(body)) as { seatEpoch: number; byHand: boolean }
    api.left.push({ seatEpoch, byHand })
    return new Response()
  }
  vi.stubGlobal('fetch', giveBack)
  const meetings = { join: { mutate: api.join }, iceServers: { query: async () => ({ iceServers: [] }) } }
  const routerDevice = new RouterDevice()
  if (failure) vi.spyOn(routerDevice, 'loadFor').mockRejectedValue(new AppError(failure))
  const connection = new CallConnection({
    environment: environment.forTab(),
    api: { meetings } as unknown as Api,
    meetingId: 'm' as MeetingId,
    code: undefined,
    rejoinRecord,
    routerDevice,
    publications: new PublicationSet(() => undefined),
    relayOnly: () => false,
  })
  connection.events.on('ended', (why) => ends.push(why))
  return { environment, api, ends, connection }
}
