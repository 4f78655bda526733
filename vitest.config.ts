import { defineConfig } from 'vitest/config'

// The web app is not among them: its compiler looks for its sources in the folder it is started in.
export default defineConfig({ test: { projects: ['packages/*', 'apps/api', 'apps/sfu', 'ops', 'e2e'] } })
