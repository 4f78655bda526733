import { defineConfig } from 'vitest/config'
import { maxWorkers, timeLimits } from '../../ops/test/time-limits.ts'

export default defineConfig({
  test: {
    ...timeLimits,
    include: ['src/**/*.test.ts'],
    globalSetup: ['src/test/media-worker.ts'],
    // The tests of one process share their modules: loading mediasoup, tRPC and Fastify for each file costs a third of the whole.
    isolate: false,
    pool: 'forks',
    maxWorkers,
  },
})
