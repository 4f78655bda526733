import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readArguments } from '../arguments.ts'
import { startChild } from '../child.ts'
import { checks } from './checks.ts'
import { runChecks } from './check.ts'
import { checkout } from '../env.ts'
import { ensureLocalhost } from '../machine/localhost.ts'
import { prepare } from '../machine/prepare.ts'
import { CpuMeter } from './cpu-time.ts'
import { readReport, printCosts, printFailures, type Count, type StageCost, type TestTime } from './report.ts'
import {
  ensureChromium,
  ensureMediaTools,
  ensureOtherBrowsers,
  ensureRedis,
  ensureTestServers,
  ensureTurn,
} from '../machine/system-packages.ts'
import { reason, CommandError, UsageError } from '../errors.ts'
import { includesCheck, otherBrowsers, type Suite, type SuiteChoice, suitesOf, testFileArguments } from './suites.ts'

export const usage = `
./veche test [filter …] [--long] [--browser firefox|webkit]

Prepares the machine, then runs the check and the unit, integration and end-to-end tests. It ends
with what it cost in CPU time, with its slowest tests, and with what failed, and why; the last
line counts.
A filter is a part of a path (messages, apps/api, e2e/invite); with one the check is left out.
--long adds the tests that take long (*.long.test.ts): outages, twenty kills, soak;
and repeats walks in Firefox and WebKitGTK.
--browser repeats the walks in one of these browsers, and runs nothing else.
`

export async function run(args: string[]): Promise<number> {
  const options = { long: { type: 'boolean', default: false }, browser: { type: 'string' } } as const
  const { values, positionals } = readArguments('test', args, options, Infinity)
  const { long, browser } = values
  if (browser !== undefined && !Object.hasOwn(otherBrowsers, browser))
    throw new UsageError(`There is no browser "${browser}": it is ${Object.keys(otherBrowsers).join(' or ')}.`)
  const total: Count = { passed: 0, failures: [] }
  const times: TestTime[] = []
  const costs = new StageCosts()
  const add = (count: Count) => {
    total.passed += count.passed
    total.failures.push(...count.failures)
    times.push(...(count.times ?? []))
  }
  const start = performance.now()
  try {
    await costs.measure('installing packages', installAll, { apart: true })
    // One after the other, so that each has its own cost: the worker keeps all cores busy anyway.
    const { mediaWorker } = await costs.measure('the media worker', () => prepare({ web: false, media: true }), {
      apart: true,
    })
    await costs.measure('building the web app', () => prepare({ web: true }))
    await runAll({ filters: positionals, long, browser, env: { MEDIASOUP_WORKER_BIN: mediaWorker }, add, costs })
  } catch (error) {
    const why = error instanceof CommandError ? error.message : ((error as Error).stack ?? reason(error))
    add({ passed: 0, failures: [{ where: 'veche', why }] })
  }
  printCosts(costs.stages, times)
  printFailures(total.failures)
  console.log(`\nAll of it took ${Math.round((performance.now() - start) / 1000)} s`)
  console.log(`${total.passed} passed, ${total.failures.length} failed`)
  return total.failures.length ? 1 : 0
}

async function installAll() {
  await ensureLocalhost()
  await ensureRedis()
  await ensureTurn()
  await ensureMediaTools()
  await ensureChromium()
  await ensureOtherBrowsers()
  await ensureTestServers()
  await prepare({ web: false })
}

/** What each stage cost in CPU time, over all processes of this command. */
class StageCosts {
  readonly stages: StageCost[] = []
  readonly #meter = new CpuMeter()

  async measure<T>(name: string, work: () => Promise<T>, { apart = false } = {}): Promise<T> {
    const before = this.#meter.seconds()
    try {
      return await work()
    } finally {
      this.stages.push({ name, cpuSeconds: this.#meter.seconds() - before, apart })
    }
  }
}

type TestRun = SuiteChoice & {
  env: NodeJS.ProcessEnv
  add: (count: Count) => void
  costs: StageCosts
}

async function runAll({ env: given, add, costs, ...choice }: TestRun) {
  const { startTestServices } = await import('../../test/services.ts')
  const services = await startTestServices()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void services.stop().finally(() => process.exit(130)))
  try {
    const env = { ...given, ...services.env }
    if (includesCheck(choice))
      add(await costs.measure('check', () => runChecks(checks, services.env.TEST_DATABASE_URL)))
    for (const suite of suitesOf(choice))
      add(await costs.measure(suite.title, () => runVitest(suite, { long: choice.long, env })))
  } finally {
    await services.stop()
  }
}

async function runVitest(
  { name, folder = '.', projects = [], filters, files, browser }: Suite,
  { long, env }: { long: boolean; env: NodeJS.ProcessEnv },
): Promise<Count> {
  const report = join(checkout, `node_modules/.veche/${name}.json`)
  rmSync(report, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const args = ['run', '--passWithNoTests', ...projects, ...reporters, ...testFileArguments[files], ...filters]
  const child = startChild(join(checkout, 'node_modules/.bin/vitest'), args, {
    cwd: join(checkout, folder),
    env: { ...process.env, ...env, ...(long ? { LONG: '1' } : {}), ...(browser ? { VECHE_BROWSER: browser } : {}) },
    stdio: ['ignore', 'inherit', 'inherit'],
    orphanSignal: 'TERM',
  })
  return readReport(report, await child.exited)
}
