import { defineConfig } from 'vitest/config'
import { timeLimits } from '../ops/test/time-limits.ts'

const chat = ['back', 'chat', 'group', 'history', 'hostile-texts', 'keyboard', 'offline', 'public-pages']
const account = ['administration', 'languages', 'settings', 'sign-in']
const call = ['calls', 'devices', 'meetings', 'seats']

/** The walks that `./veche test --long` repeats in another browser, which VECHE_BROWSER names. docs/decisions/0016 says what is left out. */
const repeated: Record<string, string[]> = {
  firefox: [...chat, ...account, ...call],
  webkit: ['chat', 'group', 'history', 'languages'],
}

export default defineConfig({
  test: {
    ...timeLimits,
    name: '@veche/e2e',
    include: repeated[process.env['VECHE_BROWSER'] ?? '']?.map((name) => `${name}.test.ts`) ?? ['*.test.ts'],
    globalSetup: ['../ops/test/services.ts', './installation/built-app.ts', './installation/shared-installation.ts'],
    pool: 'forks',
    // One process, hence one browser: two calls at once are more than two cores bear.
    maxWorkers: 1,
    isolate: false,
  },
})
