import { defineConfig } from 'vitest/config'
import { maxWorkers, timeLimits } from './test/time-limits.ts'

export default defineConfig({
  test: { ...timeLimits, globalSetup: ['test/services.ts'], include: ['**/*.test.ts'], pool: 'forks', maxWorkers },
})
