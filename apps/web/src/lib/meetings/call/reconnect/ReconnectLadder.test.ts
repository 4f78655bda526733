import type { ReconnectReason, ReconnectStep } from '@veche/shared/meetings'
import { expect, test } from 'vitest'
import { AppError, type AppErrorCode } from '#lib/api/error.ts'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import type { ReconnectAttempt } from './reconnect-steps.ts'
import { type CallTrouble, ReconnectLadder } from './ReconnectLadder.ts'
import type { MediaState } from './TransportRecovery.ts'

test('a lost socket is resumed at once, and media are not touched', async () => {
  const call = newCall()
  call.ladder.socketLost('socket_closed')
  expect(call.troubles.at(-1)).toBe('socket')
  await call.quiet()
  expect(call.tried).toEqual(['resume'])
  expect(call.trouble).toBeNull()
})

test('resuming is repeated while the node does not answer and media flow', async () => {
  const call = newCall()
  call.fails('resume', 'network.timeout')
  call.ladder.socketLost('socket_closed')
  await call.pass(20_000)
  expect(call.tried.length).toBeGreaterThan(5)
  expect(new Set(call.tried)).toEqual(new Set(['resume']))
  call.works('resume')
  await call.pass(6_000)
  expect(call.trouble).toBeNull()
})

test('the call rejoins when the node does not answer and media do not flow either', async () => {
  const call = newCall()
  call.fails('resume', 'network.timeout')
  call.ladder.socketLost('socket_closed')
  call.ladder.mediaChanged('recv', 'disconnected')
  await call.pass(5_000)
  expect(call.tried.slice(0, 2)).toEqual(['resume', 'rejoin'])
  expect(call.trouble).toBeNull()
})

test('the call rejoins at once when resuming is refused', async () => {
  const call = newCall()
  call.fails('resume', 'network.unreachable')
  call.ladder.socketLost('socket_closed')
  await call.quiet()
  expect(call.tried).toEqual(['resume', 'rejoin'])
})

test('the call is resumed when the whole server was away for a while', async () => {
  const call = newCall()
  call.fails('resume', 'network.unreachable')
  call.fails('rejoin', 'network.unreachable')
  call.ladder.socketLost('socket_closed')
  await call.pass(8_000)
  call.works('resume')
  call.tried.length = 0
  await call.pass(3_000)
  expect(call.tried).toEqual(['resume'])
  expect(call.trouble).toBeNull()
})

test('resuming is not repeated once the node no longer knows the secret', async () => {
  const call = newCall()
  call.fails('resume', 'call.resume_invalid')
  call.fails('rejoin', 'meeting.no_node')
  call.ladder.socketLost('socket_closed')
  await call.pass(10_000)
  expect(call.tried.filter((each) => each === 'resume')).toHaveLength(1)
  expect(call.tried.filter((each) => each === 'rejoin').length).toBeGreaterThan(2)
  expect(call.trouble).toBe('rejoining')
})

test('nothing is tried without a network, and resuming is tried as soon as there is one', async () => {
  const call = newCall()
  call.environment.online = false
  call.ladder.socketLost('socket_closed')
  await call.pass(9_900)
  expect(call.tried).toEqual([])
  call.environment.setOnline(true)
  await call.quiet()
  expect(call.tried).toEqual(['resume'])
})

test('a disconnected transport has two seconds to recover by itself', async () => {
  const call = newCall()
  call.ladder.mediaChanged('recv', 'disconnected')
  expect(call.trouble).toBe('media')
  await call.pass(1_900)
  call.ladder.mediaChanged('recv', 'connected')
  await call.pass(10_000)
  expect(call.tried).toEqual([])
  expect(call.trouble).toBeNull()
})

test('a transport that does not recover is restarted, then replaced, and then the call rejoins', async () => {
  const call = newCall()
  call.ladder.mediaChanged('send', 'disconnected')
  await call.pass(2_000)
  expect(call.tried).toEqual(['restartIce send'])
  await call.pass(4_000)
  expect(call.tried).toEqual(['restartIce send', 'replaceTransport send'])
  await call.pass(6_000)
  expect(call.tried).toEqual(['restartIce send', 'replaceTransport send', 'rejoin'])
  expect(call.trouble).toBeNull()
})

test('a failed transport is restarted at once, and each direction by itself', async () => {
  const call = newCall()
  call.ladder.mediaChanged('send', 'failed')
  call.ladder.mediaChanged('recv', 'failed')
  await call.quiet()
  expect(call.tried).toEqual(['restartIce send', 'restartIce recv'])
  call.ladder.mediaChanged('send', 'connected')
  await call.pass(4_000)
  expect(call.tried).toEqual(['restartIce send', 'restartIce recv', 'replaceTransport recv'])
})

test('a transport is replaced at once when the node refuses the restart', async () => {
  const call = newCall()
  call.fails('restartIce', 'call.media_lost')
  call.ladder.mediaChanged('recv', 'failed')
  await call.quiet()
  expect(call.tried).toEqual(['restartIce recv', 'replaceTransport recv'])
})

test('a transport that does not connect within eight seconds is restarted', async () => {
  const call = newCall()
  call.ladder.mediaChanged('recv', 'connecting')
  await call.pass(8_000)
  expect(call.tried).toEqual(['restartIce recv'])
})

test('a disconnected transport is restarted as soon as the socket is back, and not before', async () => {
  const call = newCall()
  call.fails('resume', 'network.timeout')
  call.fails('rejoin', 'network.timeout')
  call.ladder.socketLost('socket_closed')
  call.ladder.mediaChanged('recv', 'disconnected')
  await call.pass(10_000)
  expect(call.tried).not.toContain('restartIce recv')
  call.works('resume')
  await call.pass(7_000)
  expect(call.tried.slice(-2)).toEqual(['resume', 'restartIce recv'])
  call.ladder.mediaChanged('recv', 'connected')
  expect(call.trouble).toBeNull()
})

test('media that recover while rejoining fails end the rejoining, and the socket that was closed for it is resumed', async () => {
  const call = newCall()
  call.fails('rejoin', 'meeting.no_node')
  call.ladder.mediaChanged('recv', 'failed')
  await call.pass(11_000)
  expect(call.tried).toContain('rejoin')
  call.ladder.mediaChanged('recv', 'connected')
  await call.quiet()
  call.tried.length = 0
  await call.pass(30_000)
  expect(call.tried).toEqual(['resume'])
  expect(call.trouble).toBeNull()
})

test('the call rejoins at once when the node has ended it, without trying to resume', async () => {
  const call = newCall()
  call.ladder.nodeEnded()
  expect(call.troubles.at(-1)).toBe('rejoining')
  await call.quiet()
  expect(call.tried).toEqual(['rejoin'])
})

test('rejoining is repeated often at first, because a node that died is usually back within seconds', async () => {
  const call = newCall()
  call.fails('rejoin', 'meeting.no_node')
  call.ladder.nodeEnded()
  await call.pass(8_000)
  call.works('rejoin')
  await call.pass(1_500)
  expect(call.trouble).toBeNull()
})

test('rejoining is repeated with growing pauses for ten minutes, and then the call is lost', async () => {
  const call = newCall()
  call.fails('rejoin', 'meeting.no_node')
  call.ladder.nodeEnded()
  await call.pass(60_000)
  const minute = call.tried.length
  expect(minute).toBeGreaterThan(5)
  expect(minute).toBeLessThan(80)
  await call.pass(600_000)
  expect(call.ends).toEqual(['lost'])
  const all = call.tried.length
  await call.pass(60_000)
  expect(call.tried).toHaveLength(all)
})

test('the call ends when the seat was taken by another tab', async () => {
  const call = newCall()
  call.fails('rejoin', 'meeting.seat_taken')
  call.ladder.nodeEnded()
  await call.pass(60_000)
  expect(call.tried).toEqual(['rejoin'])
  expect(call.ends).toEqual(['taken_over'])
})

test.each<AppErrorCode>(['meeting.ended', 'meeting.forbidden', 'auth.required', 'meeting.full'])(
  'rejoining is not repeated after %s',
  async (code) => {
    const call = newCall()
    call.fails('rejoin', code)
    call.ladder.nodeEnded()
    await call.pass(60_000)
    expect(call.tried).toEqual(['rejoin'])
    expect(call.ends).toEqual([code])
  },
)

test('when the machine wakes up the node is pinged, and a disconnected transport is restarted at once', async () => {
  const call = newCall()
  call.ladder.mediaChanged('recv', 'disconnected')
  call.environment.wake()
  await call.quiet()
  expect(call.tried).toEqual(['probe', 'restartIce recv'])
})

test('nothing is tried after stopping', async () => {
  const call = newCall()
  call.fails('resume', 'network.timeout')
  call.ladder.socketLost('socket_closed')
  call.ladder.mediaChanged('recv', 'disconnected')
  await call.pass(1_000)
  call.ladder.stop()
  call.tried.length = 0
  await call.pass(60_000)
  expect(call.tried).toEqual([])
  expect(call.ends).toEqual([])
})

test.each<[MediaState, ReconnectReason]>([
  ['failed', 'transport_failed'],
  ['disconnected', 'transport_disconnected'],
  ['closed', 'transport_closed'],
  ['connecting', 'no_media'],
])(
  'a transport that is %s is restarted and replaced with the reason %s, and so does the call rejoin',
  async (state, reason) => {
    const call = newCall()
    call.ladder.joined()
    call.ladder.mediaChanged('send', state)
    await call.pass(20_000)
    expect(call.attempts).toEqual([
      { step: 'restartIce', reason },
      { step: 'replaceTransport', reason },
      { step: 'rejoin', reason },
    ])
  },
)

test.each(['socket_closed', 'socket_silent'] as const)(
  'a lost socket is resumed with the reason %s, and so does the call rejoin',
  async (reason) => {
    const call = newCall()
    call.fails('resume', 'call.resume_invalid')
    call.ladder.socketLost(reason)
    await call.quiet()
    expect(call.attempts).toEqual([
      { step: 'resume', reason },
      { step: 'rejoin', reason },
    ])
  },
)

test('a call that the node has ended rejoins with the reason node_ended', async () => {
  const call = newCall()
  call.ladder.nodeEnded()
  await call.quiet()
  expect(call.attempts).toEqual([{ step: 'rejoin', reason: 'node_ended' }])
})

test('a transport that is restarted because the network changed says so as the reason', async () => {
  const call = newCall()
  call.ladder.mediaChanged('recv', 'disconnected')
  call.environment.setOnline(true)
  await call.quiet()
  expect(call.attempts).toEqual([{ step: 'restartIce', reason: 'network_changed' }])
})

/** A call whose steps succeed, or fail as the test says. A step that times out waits until it is aborted. */
function newCall() {
  const environment = new TestEnvironment()
  const tried: string[] = []
  const attempts: ReconnectAttempt[] = []
  const troubles: (CallTrouble | null)[] = []
  const ends: string[] = []
  const failures = new Map<ReconnectStep, AppErrorCode>()
  const run = async (attempt: ReconnectAttempt, name: string, signal?: AbortSignal) => {
    tried.push(name)
    attempts.push(attempt)
    const code = failures.get(attempt.step)
    if (code === 'network.timeout' && signal) await new Promise((resolve) => signal.addEventListener('abort', resolve))
    if (code) throw new AppError(code)
  }
  const ladder = new ReconnectLadder({
    environment: environment.forTab(),
    steps: {
      resume: (attempt, signal) => run(attempt, 'resume', signal),
      recover: (direction, attempt) => run(attempt, `${attempt.step} ${direction}`),
      rejoin: (attempt, signal) => run(attempt, 'rejoin', signal),
      probe: () => tried.push('probe'),
    },
    onTrouble: (trouble) => troubles.push(trouble),
    onEnd: (why) => ends.push(why),
  })
  ladder.joined()
  for (const direction of ['send', 'recv'] as const) ladder.mediaChanged(direction, 'connected')
  return {
    environment,
    ladder,
    tried,
    attempts,
    troubles,
    ends,
    fails: (step: ReconnectStep, code: AppErrorCode) => failures.set(step, code),
    works: (step: ReconnectStep) => failures.delete(step),
    pass: (ms: number) => environment.pass(ms),
    quiet: () => environment.quiet(),
    get trouble() {
      return troubles.at(-1) ?? null
    },
  }
}
