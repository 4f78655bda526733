import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId } from '@veche/shared/ids'
import { expect, it, onTestFinished, vi } from 'vitest'
import { newTestApi } from '../test/harness.ts'
import { Hints, type Told } from './hints.ts'
import { connectRedis } from './redis.ts'

it('a Redis that fell silent without a goodbye is left, and hints come again from the one that answers', async () => {
  const { deps, env } = await newTestApi()
  const { path, freeze } = await wire(env.REDIS_URL)
  const subscriber = connectRedis(path, deps.log, { blocking: true })
  const far = new Hints(deps.redis, subscriber, { prefix: env.REDIS_PREFIX, log: deps.log, beat: 200 })
  onTestFinished(() => far.close())
  const heard: Told[] = []
  far.listen((told) => heard.push(told))
  const told = { hints: [{ scope: 'chat' as const, id: newId(), rev: 7 }] }
  const arrives = () =>
    vi.waitFor(() => {
      deps.hints.tell(told)
      expect(heard).toContainEqual(told)
    }, 10_000)
  await arrives()
  freeze()
  heard.length = 0
  await arrives()
})

/** A way to Redis on which everything can stop at once: nothing arrives any more, and nobody is told. */
async function wire(real: string) {
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
