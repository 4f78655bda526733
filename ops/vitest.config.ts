import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['test/services.ts'],
    include: ['**/*.test.ts'],
    // Servers are started and killed here, on machines that may have other things to do.
    testTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
