import { defineConfig } from 'vitest/config'
import { timeLimits } from '../ops/test/time-limits.ts'
import { repeatedWalks } from './repeated-walks.ts'

export default defineConfig({
  test: {
    ...timeLimits,
    name: '@veche/e2e',
    include: repeatedWalks[process.env['VECHE_BROWSER'] ?? '']?.map((name) => `${name}.test.ts`) ?? ['*.test.ts'],
    globalSetup: ['../ops/test/services.ts', './installation/built-app.ts', './installation/shared-installation.ts'],
    pool: 'forks',
    // One process, hence one browser: two calls at once are more than two cores bear.
    maxWorkers: 1,
    isolate: false,
  },
})
