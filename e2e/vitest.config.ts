import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: '@veche/e2e',
    include: ['*.test.ts'],
    globalSetup: ['../ops/test/services.ts', './house/built-app.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    // A browser is launched once for each of the two.
    isolate: false,
    expect: { poll: { timeout: 10_000, interval: 50 } },
  },
})
