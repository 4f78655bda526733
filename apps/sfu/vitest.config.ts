import { defineConfig } from 'vitest/config'
import { maxWorkers, timeLimits } from '../../ops/test/time-limits.ts'

export default defineConfig({
  test: {
    ...timeLimits,
    include: ['src/**/*.test.ts'],
    globalSetup: ['src/test/media-worker.ts'],
    pool: 'forks',
    maxWorkers,
  },
})
