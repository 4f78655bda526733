import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId } from '@veche/shared/ids'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ownRedisPrefix } from '../env.ts'
import { newTestApi } from '../test/harness.ts'
import { waitBounds } from '../test/waiting.ts'
import { Hints, type HintMessage } from './hints.ts'
import { connectRedis } from './redis.ts'

test('hints arrive again after the connection to Redis went silent without closing', async () => {
  const { deps, env } = await newTestApi()
  const { path, freeze } = await freezableRedis(env.REDIS_URL)
  const subscriber = connectRedis(path, deps.log, { blocking: true })
  const far = new Hints(deps.redis, subscriber, { prefix: ownRedisPrefix(env), log: deps.log, pingMs: 200 })
  onTestFinished(() => far.close())
  const received: HintMessage[] = []
  far.listen((told) => received.push(told))
  const told = { hints: [{ scope: 'chat' as const, id: newId(), rev: 7 }] }
  const arrives = () =>
    vi.waitFor(() => {
      deps.hints.tell(told)
      expect(received).toContainEqual(told)
    }, waitBounds)
  await arrives()
  freeze()
  received.length = 0
  await arrives()
})

/** A connection to Redis that can freeze: nothing arrives any more, and neither end is told. */
async function freezableRedis(real: string) {
  const folder = mkdtempSync(join(tmpdir(), 'veche-wire-'))
  const path = join(folder, 'redis.sock')
  const ends: Socket[] = []
  const server = createServer((near) => {
    const far = connect(real)
    near.pipe(far).pipe(near)
    for (const end of [near, far]) end.on('error', () => undefined)
    ends.push(near, far)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  onTestFinished(() => {
    for (const end of ends) end.destroy()
    server.close()
    rmSync(folder, { recursive: true })
  })
  const freeze = () => {
    for (const end of ends) end.unpipe().pause()
  }
  return { path, freeze }
}
