import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { newFolder } from '../test/folder.ts'
import { askRedis, startRedis } from './redis.ts'

async function start(dir: string) {
  const redis = await startRedis({ dir })
  onTestFinished(() => redis.stop())
  return redis
}

test('what was stored is there after a stop and a start', async () => {
  const dir = join(newFolder(), 'redis')
  const first = await start(dir)
  await askRedis(first.url, 'SET kept 1')
  await first.stop()
  expect(await askRedis((await start(dir)).url, 'GET kept')).toContain('1')
})

test('a server that outlived its starter is stopped', async () => {
  const dir = join(newFolder(), 'redis')
  const orphan = await start(dir)
  const second = await start(dir)
  await orphan.child.exited
  expect(await askRedis(second.url, 'PING')).toBe('+PONG')
})

test('the server has no port', async () => {
  const redis = await start(join(newFolder(), 'redis'))
  expect(await askRedis(redis.url, 'CONFIG GET port')).toMatch(/port\r\n\$1\r\n0$/)
})
