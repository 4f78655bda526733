import { defineConfig } from 'vitest/config'
import { timeLimits } from '../ops/test/time-limits.ts'

export default defineConfig({
  test: {
    ...timeLimits,
    name: '@veche/e2e',
    include: ['*.test.ts'],
    globalSetup: ['../ops/test/services.ts', './installation/built-app.ts', './installation/shared-installation.ts'],
    pool: 'forks',
    // One process, hence one browser: two calls at once are more than two cores bear.
    maxWorkers: 1,
    isolate: false,
  },
})
