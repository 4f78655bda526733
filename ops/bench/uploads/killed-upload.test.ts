import { createHash, randomBytes } from 'node:crypto'
import { limits } from '@veche/shared/limits'
import { expect, onTestFinished, test } from 'vitest'
import { Random } from '../chaos/Random.ts'
import { BenchInstallation } from '../installation/BenchInstallation.ts'
import { uploadWhileKilled } from './killed-upload.ts'

test('a file arrives whole while the API and the worker are killed, and each kill costs one piece at most', async () => {
  const installation = await BenchInstallation.open({ apis: 1, worker: true })
  onTestFinished(() => installation.close())
  const bytes = randomBytes(5 * limits.file.chunkBytes)
  const kills = 2
  const arrival = await uploadWhileKilled({ installation, bytes, kills, random: new Random(7) })
  expect(arrival.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
  expect(arrival.piecesSent).toBeLessThanOrEqual(5 + kills)
})
