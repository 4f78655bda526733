import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readArguments } from '../arguments.ts'
import { startChild } from '../child.ts'
import { checks } from './checks.ts'
import { runChecks } from './check.ts'
import { checkout } from '../env.ts'
import { ensureLocalhost } from '../machine/localhost.ts'
import { prepare } from '../machine/prepare.ts'
import { readReport, tell, type Count } from './report.ts'
import { ensureChromium, ensureRedis, ensureTurn } from '../machine/system-packages.ts'
import { reason, CommandError } from '../errors.ts'

export const usage = `
./veche test [filter …] [--long]

Prepares the machine, then runs the check and the unit, integration and end-to-end tests. It ends
with what failed, and why; the last line counts.
A filter is a part of a path (messages, apps/api, e2e/invite); with one the check is left out.
--long adds the tests that take long (*.long.test.ts): outages, twenty kills, soak.
`

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments('test', args, { long: { type: 'boolean', default: false } }, Infinity)
  const total: Count = { passed: 0, failures: [] }
  const add = ({ passed, failures }: Count) => {
    total.passed += passed
    total.failures.push(...failures)
  }
  const start = performance.now()
  try {
    await ensureLocalhost()
    await ensureRedis()
    await ensureTurn()
    await ensureChromium()
    const { mediaWorker } = await prepare({ web: true, media: true })
    await runAll(positionals, values.long, { MEDIASOUP_WORKER_BIN: mediaWorker }, add)
  } catch (error) {
    const why = error instanceof CommandError ? error.message : ((error as Error).stack ?? reason(error))
    add({ passed: 0, failures: [{ where: 'veche', why }] })
  }
  tell(total.failures)
  console.log(`\nAll of it took ${Math.round((performance.now() - start) / 1000)} s`)
  console.log(`${total.passed} passed, ${total.failures.length} failed`)
  return total.failures.length ? 1 : 0
}

async function runAll(filters: string[], long: boolean, env: NodeJS.ProcessEnv, add: (count: Count) => void) {
  const { startTestServices } = await import('../../test/services.ts')
  const services = await startTestServices()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void services.stop().finally(() => process.exit(130)))
  try {
    if (!filters.length) add(await runChecks(checks, services.env.TEST_DATABASE_URL))
    const common = { filters, long, env: { ...env, ...services.env } }
    add(await runVitest({ ...common, name: 'tests', projects: ['--project', '!@veche/e2e'] }))
    add(await runVitest({ ...common, name: 'web', folder: 'apps/web', filters: inside('apps/web', filters) }))
    // The browser gets the cores to itself: its tests watch the clock of a person.
    add(await runVitest({ ...common, name: 'e2e', projects: ['--project', '@veche/e2e'] }))
  } finally {
    await services.stop()
  }
}

type VitestRun = {
  name: string
  folder?: string
  projects?: string[]
  filters: string[]
  long: boolean
  env: NodeJS.ProcessEnv
}

async function runVitest({ name, folder = '.', projects = [], filters, long, env }: VitestRun): Promise<Count> {
  const report = join(checkout, `node_modules/.veche/${name}.json`)
  rmSync(report, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const without = long ? [] : ['--exclude', '**/*.long.test.ts']
  const args = ['run', '--passWithNoTests', ...projects, ...reporters, ...without, ...filters]
  const child = startChild(join(checkout, 'node_modules/.bin/vitest'), args, {
    cwd: join(checkout, folder),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    orphanSignal: 'TERM',
  })
  return readReport(report, await child.exited)
}

/** Filters are parts of paths from the root, and this run looks from a folder; the folder itself is no filter there. */
function inside(folder: string, filters: string[]) {
  return filters.map((filter) => (filter === folder ? '' : filter.replace(`${folder}/`, '')))
}
