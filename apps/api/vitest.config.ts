import { defineConfig } from 'vitest/config'
import { maxWorkers, timeLimits } from '../../ops/test/time-limits.ts'

export default defineConfig({
  test: {
    ...timeLimits,
    include: ['src/**/*.test.ts'],
    globalSetup: ['../../ops/test/services.ts'],
    setupFiles: ['src/test/cleanup-hook.ts'],
    pool: 'forks',
    maxWorkers,
    // Each file makes what it needs and takes it down; loading the same modules for each file would cost more than the tests.
    isolate: false,
  },
})
