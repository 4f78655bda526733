import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['src/**/*.test.ts'], globalSetup: ['../../ops/test/services.ts'], testTimeout: 30_000 },
})
