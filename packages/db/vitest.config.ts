import { defineConfig } from 'vitest/config'
import { timeLimits } from '../../ops/test/time-limits.ts'

export default defineConfig({
  test: { ...timeLimits, include: ['src/**/*.test.ts'], globalSetup: ['../../ops/test/services.ts'] },
})
