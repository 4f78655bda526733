import { readArguments } from './arguments.ts'
import { checks, type Check, type Verdict } from './checks.ts'
import { checkout } from './env.ts'
import { prepare } from './prepare.ts'
import { needRedis } from './system-packages.ts'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Misuse } from './trouble.ts'

export const usage = `
./veche check [--write] [name …]

The quick part of "./veche test": format, lint with import fences, types, unused code, and whether the generated
types are those of the migrations. Names narrow it down: ${namesOf(checks)}.

  --write   write anew what can be written (${namesOf(writable())}) instead of comparing it
`

export async function run(args: string[]): Promise<number> {
  const { positionals, values } = readArguments('check', args, { write: { type: 'boolean' } }, checks.length)
  const known = values.write ? writable() : checks
  const unknown = positionals.find((name) => !known.some((check) => check.name === name))
  if (unknown)
    throw new Misuse(`There is no ${values.write ? 'writing' : 'check'} "${unknown}"; there is ${namesOf(known)}.`)
  await needRedis()
  await prepare({ web: false })
  const { startTestServices } = await import('../test/services.ts')
  const wanted = known.filter(({ name }) => !positionals.length || positionals.includes(name))
  const services = wanted.some(({ database }) => database) ? await startTestServices() : undefined
  try {
    const { failed } = await runChecks(
      wanted,
      services?.env.TEST_DATABASE_URL ?? '',
      values.write ? 'Writing' : 'Checking',
    )
    return failed ? 1 : 0
  } finally {
    await services?.stop()
  }
}

/** As many at once as there are cores; what failed is shown whole, at the end, so that nothing scrolls away. */
export async function runChecks(wanted: Check[], adminUrl: string, doing = 'Checking') {
  console.log(`→ ${doing} (${namesOf(wanted)})`)
  const queue = [...wanted]
  const failures: [string, Verdict][] = []
  const worker = async () => {
    for (let check = queue.shift(); check; check = queue.shift()) {
      const start = performance.now()
      const verdict = await check.run({ checkout, adminUrl })
      console.log(`${verdict.ok ? '✓' : '✗'} ${check.name} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
      if (!verdict.ok) failures.push([check.name, verdict])
    }
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, worker))
  for (const [name, { log }] of failures) console.log(`\n── ${name} ──\n${readFileSync(log, 'utf8').trim()}`)
  return { passed: wanted.length - failures.length, failed: failures.length }
}

function writable(): Check[] {
  return checks.flatMap(({ write, ...check }) => (write ? [{ ...check, run: write }] : []))
}

function namesOf(list: Check[]): string {
  return list.map(({ name }) => name).join(', ')
}
