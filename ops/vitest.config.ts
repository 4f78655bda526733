import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { globalSetup: ['test/services.ts'], include: ['**/*.test.ts'] } })
