import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    globalSetup: ['../../ops/test/services.ts'],
    setupFiles: ['src/test/cleanup-hook.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 15_000 } },
    pool: 'forks',
    maxWorkers: 2,
    // What a file makes is its own and is taken down after it; loading the same modules for each would take longer than the tests.
    isolate: false,
  },
})
