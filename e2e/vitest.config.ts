import { defineConfig } from 'vitest/config'
import { maxWorkers, timeLimits } from '../ops/test/time-limits.ts'

export default defineConfig({
  test: {
    ...timeLimits,
    name: '@veche/e2e',
    include: ['*.test.ts'],
    globalSetup: ['../ops/test/services.ts', './installation/built-app.ts', './installation/shared-installation.ts'],
    pool: 'forks',
    maxWorkers,
    // A browser is launched once for each process.
    isolate: false,
  },
})
