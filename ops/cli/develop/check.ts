import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { readArguments } from '../arguments.ts'
import { checks, type Check } from './checks.ts'
import { checkout } from '../env.ts'
import { prepare } from '../machine/prepare.ts'
import { printFailures, type Count, type Failure } from './report.ts'
import { ensureRedis } from '../machine/system-packages.ts'
import { UsageError } from '../errors.ts'

export const usage = `
./veche check [--write] [name …]

The quick part of "./veche test": format, lint with import fences, types, unused code, and whether the generated
types are those of the migrations and of the messages. Names narrow it down: ${namesOf(checks)}.

  --write   write anew what can be written (${namesOf(writable())}) instead of comparing it
`

export async function run(args: string[]): Promise<number> {
  const { positionals, values } = readArguments('check', args, { write: { type: 'boolean' } }, checks.length)
  const known = values.write ? writable() : checks
  const unknown = positionals.find((name) => !known.some((check) => check.name === name))
  if (unknown)
    throw new UsageError(`There is no ${values.write ? 'writing' : 'check'} "${unknown}"; there is ${namesOf(known)}.`)
  await ensureRedis()
  await prepare({ web: false })
  const { startTestServices } = await import('../../test/services.ts')
  const wanted = known.filter(({ name }) => !positionals.length || positionals.includes(name))
  const services = wanted.some(({ database }) => database) ? await startTestServices() : undefined
  try {
    const { failures } = await runChecks(
      wanted,
      services?.env.TEST_DATABASE_URL ?? '',
      values.write ? 'Writing' : 'Checking',
    )
    printFailures(failures)
    return failures.length ? 1 : 0
  } finally {
    await services?.stop()
  }
}

/** As many at once as there are cores. */
export async function runChecks(wanted: Check[], adminUrl: string, doing = 'Checking'): Promise<Count> {
  console.log(`→ ${doing} (${namesOf(wanted)})`)
  const queue = [...wanted]
  const failures: Failure[] = []
  const worker = async () => {
    for (let check = queue.shift(); check; check = queue.shift()) {
      const start = performance.now()
      const verdict = await check.run({ checkout, adminUrl })
      console.log(`${verdict.ok ? '✓' : '✗'} ${check.name} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
      if (!verdict.ok) failures.push({ where: check.name, why: readFileSync(verdict.log, 'utf8').trim() })
    }
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, worker))
  return { passed: wanted.length - failures.length, failures }
}

function writable(): Check[] {
  return checks.flatMap(({ write, ...check }) => (write ? [{ ...check, run: write }] : []))
}

function namesOf(list: Check[]): string {
  return list.map(({ name }) => name).join(', ')
}
