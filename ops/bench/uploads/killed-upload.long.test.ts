import { createHash, randomBytes } from 'node:crypto'
import { limits } from '@veche/shared/limits'
import sharp from 'sharp'
import { expect, onTestFinished, test } from 'vitest'
import { askRedis } from '../../cli/parts/redis.ts'
import { Random } from '../chaos/Random.ts'
import { BenchInstallation } from '../installation/BenchInstallation.ts'
import { until, uploadWhileKilled } from './killed-upload.ts'

async function open(): Promise<BenchInstallation> {
  const installation = await BenchInstallation.open({ apis: 1, worker: true })
  onTestFinished(() => installation.close())
  return installation
}

test.each([1, 2, 3])(
  'a file of 200 MB arrives whole while the API and the worker are killed six times at random, and each kill costs one piece at most (round %i)',
  { timeout: 900_000 },
  async (round) => {
    const bytes = randomBytes(200_000_000)
    const random = new Random(round)
    const { sha256, piecesSent } = await uploadWhileKilled({ installation: await open(), bytes, kills: 6, random })
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect(piecesSent).toBeLessThanOrEqual(bytes.length / limits.file.chunkBytes + 6)
  },
)

test('when Redis is wiped right after an upload, the preview comes within a minute', { timeout: 300_000 }, async () => {
  const installation = await open()
  // With the worker killed nobody has taken the nudge before it is lost.
  await installation.worker!.kill()
  const picture = sharp({ create: { width: 400, height: 300, channels: 3, background: '#28a' } })
  const bytes = await picture.png().toBuffer()
  const { contentId } = await uploadWhileKilled({ installation, bytes, kills: 0, random: new Random(1) })
  await askRedis(installation.redis.url, 'FLUSHALL')
  await installation.worker!.start()
  const startedAt = performance.now()
  const query = "select state from previews where id = $1 and state <> 'due'"
  const { state } = await until(
    async () => (await installation.pool.query<{ state: string }>(query, [contentId])).rows[0],
  )
  expect(state).toBe('done')
  expect(performance.now() - startedAt).toBeLessThan(60_000)
})
