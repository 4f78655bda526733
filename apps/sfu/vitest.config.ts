import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    globalSetup: ['src/test/media-worker.ts'],
    // The tests of one process share their modules: loading mediasoup, tRPC and Fastify for each file costs a third of the whole.
    isolate: false,
    // These bounds only end a test that hangs. On an idle machine everything comes at once, on a busy one late.
    expect: { poll: { timeout: 120_000 } },
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
