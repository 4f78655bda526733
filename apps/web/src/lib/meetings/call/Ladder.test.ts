import { describe, expect, test } from 'vitest'
import { AppError, type AppErrorCode } from '#lib/api/error.ts'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { Ladder, type Trouble } from './Ladder.ts'

describe('a lost socket', () => {
  test('is resumed at once, and nothing else is touched', async () => {
    const call = newCall()
    call.ladder.socketLost()
    expect(call.troubles.at(-1)).toBe('socket')
    await call.quiet()
    expect(call.tried).toEqual(['resume'])
    expect(call.trouble).toBeNull()
  })

  test('is tried again and again while nobody answers and media flow, and no other place is asked for', async () => {
    const call = newCall()
    call.fails('resume', 'network.timeout')
    call.ladder.socketLost()
    await call.pass(20_000)
    expect(call.tried.length).toBeGreaterThan(5)
    expect(new Set(call.tried)).toEqual(new Set(['resume']))
    call.works('resume')
    await call.pass(6_000)
    expect(call.trouble).toBeNull()
  })

  test('leads to another place when nobody answers and media do not flow either', async () => {
    const call = newCall()
    call.fails('resume', 'network.timeout')
    call.ladder.socketLost()
    call.ladder.media('recv', 'disconnected')
    await call.pass(5_000)
    expect(call.tried.slice(0, 2)).toEqual(['resume', 'rejoin'])
    expect(call.trouble).toBeNull()
  })

  test('leads straight to another place when the node refuses', async () => {
    const call = newCall()
    call.fails('resume', 'network.unreachable')
    call.ladder.socketLost()
    await call.quiet()
    expect(call.tried).toEqual(['resume', 'rejoin'])
  })

  test('is resumed, not replaced, when all of the server was away for a while', async () => {
    const call = newCall()
    call.fails('resume', 'network.unreachable')
    call.fails('rejoin', 'network.unreachable')
    call.ladder.socketLost()
    await call.pass(8_000)
    call.works('resume')
    call.tried.length = 0
    await call.pass(3_000)
    expect(call.tried).toEqual(['resume'])
    expect(call.trouble).toBeNull()
  })

  test('is not resumed again once the node no longer knows the secret', async () => {
    const call = newCall()
    call.fails('resume', 'call.resume_invalid')
    call.fails('rejoin', 'meeting.no_node')
    call.ladder.socketLost()
    await call.pass(10_000)
    expect(call.tried.filter((each) => each === 'resume')).toHaveLength(1)
    expect(call.tried.filter((each) => each === 'rejoin').length).toBeGreaterThan(2)
    expect(call.trouble).toBe('rejoining')
  })

  test('is left alone while the machine has no network, and tried as soon as it has', async () => {
    const call = newCall()
    call.environment.online = false
    call.ladder.socketLost()
    await call.pass(9_900)
    expect(call.tried).toEqual([])
    call.environment.setOnline(true)
    await call.quiet()
    expect(call.tried).toEqual(['resume'])
  })
})

describe('media that do not flow', () => {
  test('have two seconds to come back by themselves', async () => {
    const call = newCall()
    call.ladder.media('recv', 'disconnected')
    expect(call.trouble).toBe('media')
    await call.pass(1_900)
    call.ladder.media('recv', 'connected')
    await call.pass(10_000)
    expect(call.tried).toEqual([])
    expect(call.trouble).toBeNull()
  })

  test('climb from a restart to new transports to another place', async () => {
    const call = newCall()
    call.ladder.media('send', 'disconnected')
    await call.pass(2_000)
    expect(call.tried).toEqual(['restart send'])
    await call.pass(4_000)
    expect(call.tried).toEqual(['restart send', 'renew send'])
    await call.pass(6_000)
    expect(call.tried).toEqual(['restart send', 'renew send', 'rejoin'])
    expect(call.trouble).toBeNull()
  })

  test('that failed are restarted at once, each direction by itself', async () => {
    const call = newCall()
    call.ladder.media('send', 'failed')
    call.ladder.media('recv', 'failed')
    await call.quiet()
    expect(call.tried).toEqual(['restart send', 'restart recv'])
    call.ladder.media('send', 'connected')
    await call.pass(4_000)
    expect(call.tried).toEqual(['restart send', 'restart recv', 'renew recv'])
  })

  test('are not waited for when the node refuses the restart', async () => {
    const call = newCall()
    call.fails('restart', 'call.media_lost')
    call.ladder.media('recv', 'failed')
    await call.quiet()
    expect(call.tried).toEqual(['restart recv', 'renew recv'])
  })

  test('never connected at all: the same rungs', async () => {
    const call = newCall()
    call.ladder.media('recv', 'connecting')
    await call.pass(8_000)
    expect(call.tried).toEqual(['restart recv'])
  })

  test('wait for the socket, and are mended as soon as it is back', async () => {
    const call = newCall()
    call.fails('resume', 'network.timeout')
    call.fails('rejoin', 'network.timeout')
    call.ladder.socketLost()
    call.ladder.media('recv', 'disconnected')
    await call.pass(10_000)
    expect(call.tried).not.toContain('restart recv')
    call.works('resume')
    await call.pass(7_000)
    expect(call.tried.slice(-2)).toEqual(['resume', 'restart recv'])
    call.ladder.media('recv', 'connected')
    expect(call.trouble).toBeNull()
  })

  test('that come back while another place is asked for in vain end the asking, and the socket that was hung up for it is resumed', async () => {
    const call = newCall()
    call.fails('rejoin', 'meeting.no_node')
    call.ladder.media('recv', 'failed')
    await call.pass(11_000)
    expect(call.tried).toContain('rejoin')
    call.ladder.media('recv', 'connected')
    await call.quiet()
    call.tried.length = 0
    await call.pass(30_000)
    expect(call.tried).toEqual(['resume'])
    expect(call.trouble).toBeNull()
  })
})

describe('a place that is gone', () => {
  test('is replaced at once by another, without asking the old one', async () => {
    const call = newCall()
    call.ladder.legLost()
    expect(call.troubles.at(-1)).toBe('rejoining')
    await call.quiet()
    expect(call.tried).toEqual(['rejoin'])
  })

  test('is asked for often at first: a node that died alone stands up again within seconds', async () => {
    const call = newCall()
    call.fails('rejoin', 'meeting.no_node')
    call.ladder.legLost()
    await call.pass(8_000)
    call.works('rejoin')
    await call.pass(1_500)
    expect(call.trouble).toBeNull()
  })

  test('is asked for with longer and longer pauses, for as long as the seat lives, and then given up', async () => {
    const call = newCall()
    call.fails('rejoin', 'meeting.no_node')
    call.ladder.legLost()
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

  test('never takes the seat back from another tab by itself', async () => {
    const call = newCall()
    call.fails('rejoin', 'meeting.seat_taken')
    call.ladder.legLost()
    await call.pass(60_000)
    expect(call.tried).toEqual(['rejoin'])
    expect(call.ends).toEqual(['taken_over'])
  })

  test.each<AppErrorCode>(['meeting.ended', 'meeting.forbidden', 'auth.required', 'meeting.full'])(
    'is not asked for again after %s',
    async (code) => {
      const call = newCall()
      call.fails('rejoin', code)
      call.ladder.legLost()
      await call.pass(60_000)
      expect(call.tried).toEqual(['rejoin'])
      expect(call.ends).toEqual([code])
    },
  )
})

test('a machine that wakes up asks the socket for a sign of life, and does not wait for media', async () => {
  const call = newCall()
  call.ladder.media('recv', 'disconnected')
  call.environment.wake()
  await call.quiet()
  expect(call.tried).toEqual(['probe', 'restart recv'])
})

test('nothing is tried after the end', async () => {
  const call = newCall()
  call.fails('resume', 'network.timeout')
  call.ladder.socketLost()
  call.ladder.media('recv', 'disconnected')
  await call.pass(1_000)
  call.ladder.stop()
  call.tried.length = 0
  await call.pass(60_000)
  expect(call.tried).toEqual([])
  expect(call.ends).toEqual([])
})

type Rung = 'resume' | 'restart' | 'renew' | 'rejoin'

/** A call whose rungs succeed, or fail as a test says; a call that gets no answer waits for it as long as it is let. */
function newCall() {
  const environment = new TestEnvironment()
  const tried: string[] = []
  const troubles: (Trouble | null)[] = []
  const ends: string[] = []
  const failures = new Map<Rung, AppErrorCode>()
  const attempt = async (rung: Rung, name: string, signal?: AbortSignal) => {
    tried.push(name)
    const code = failures.get(rung)
    if (code === 'network.timeout' && signal) await new Promise((resolve) => signal.addEventListener('abort', resolve))
    if (code) throw new AppError(code)
  }
  const ladder = new Ladder({
    environment: environment.forTab(),
    rungs: {
      resume: (signal) => attempt('resume', 'resume', signal),
      restartIce: (direction) => attempt('restart', `restart ${direction}`),
      renew: (direction) => attempt('renew', `renew ${direction}`),
      rejoin: (signal) => attempt('rejoin', 'rejoin', signal),
      probe: () => tried.push('probe'),
    },
    events: { trouble: (trouble) => troubles.push(trouble), over: (why) => ends.push(why) },
  })
  ladder.joined()
  for (const direction of ['send', 'recv'] as const) ladder.media(direction, 'connected')
  return {
    environment,
    ladder,
    tried,
    troubles,
    ends,
    fails: (rung: Rung, code: AppErrorCode) => failures.set(rung, code),
    works: (rung: Rung) => failures.delete(rung),
    pass: (ms: number) => environment.pass(ms),
    quiet: () => environment.quiet(),
    get trouble() {
      return troubles.at(-1) ?? null
    },
  }
}
