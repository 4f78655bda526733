import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    globalSetup: ['../../ops/test/services.ts'],
    setupFiles: ['src/test/cleanup-hook.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Bounds of waiting are generous, so that a busy machine does not decide a result.
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    maxWorkers: 2,
    // Each file cleans up after itself; loading the same modules for each would take longer than the tests.
    isolate: false,
  },
})
