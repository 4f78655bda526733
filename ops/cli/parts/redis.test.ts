import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { newFolder } from '../../test/folder.ts'
import { askRedis, startRedis } from './redis.ts'

async function start(dir: string) {
  const redis = await startRedis({ dir })
  onTestFinished(() => redis.stop())
  return redis
}

test('stored data survive a stop and a start', async () => {
  const dir = join(newFolder(), 'redis')
  const first = await start(dir)
  await askRedis(first.url, 'SET kept 1')
  await first.stop()
  expect(await askRedis((await start(dir)).url, 'GET kept')).toContain('1')
})

test('a Redis left by an earlier start is stopped', async () => {
  const dir = join(newFolder(), 'redis')
  const orphan = await start(dir)
  const second = await start(dir)
  await orphan.child.exited
  expect(await askRedis(second.url, 'PING')).toBe('+PONG')
})

test('Redis listens on no TCP port', async () => {
  const redis = await start(join(newFolder(), 'redis'))
  expect(await askRedis(redis.url, 'CONFIG GET port')).toMatch(/port\r\n\$1\r\n0$/)
})
