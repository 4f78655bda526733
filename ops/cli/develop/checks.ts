import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { startChild } from '../child.ts'
import { checkout } from '../env.ts'

export type Verdict = { ok: boolean; log: string }
export type CheckTarget = { checkout: string; adminUrl: string }
export type Check = {
  name: string
  database?: boolean
  run(target: CheckTarget): Promise<Verdict>
  /** Writes what the check asks for, if a program can do that. */
  write?(target: CheckTarget): Promise<Verdict>
}

const logs = join(checkout, 'node_modules/.veche/checks')
const bin = (name: string) => join(checkout, 'node_modules/.bin', name)

/** The longest first, so that the cores end together. */
export const checks: Check[] = [
  // Every TypeScript file by the tsconfig.json nearest to it, with its lint rules.
  webCommand('types', bin('oxlint'), ['--type-aware', '--type-check']),
  command('lint', bin('eslint'), ['.']),
  webCommand('components', 'pnpm', ['--dir', 'apps/web', 'check']),
  { ...format('--check'), write: format('--write').run },
  command('names', process.execPath, ['ops/lint/names.ts']),
  command('comments', process.execPath, ['ops/lint/comments.ts']),
  command('unused', bin('knip'), ['--no-progress']),
  { ...messages('--check'), write: messages().run },
  { name: 'generated', database: true, run: (target) => generated(target, ['--check']), write: generated },
]

function command(name: string, program: string, args: string[]): Check {
  return { name, run: () => execute(name, program, args) }
}

/** The native compiler frees its memory less often: a third less CPU time for types, and a third more memory (1.6 GB). */
const nativeCompiler = { GOGC: '400' }

let webTypes: Promise<Verdict> | undefined

/** A check that needs the types that SvelteKit writes for the routes. */
function webCommand(name: string, program: string, args: string[]): Check {
  const run = async () => {
    const prepared = await (webTypes ??= execute('web-types', 'pnpm', [
      '--dir',
      'apps/web',
      'exec',
      'svelte-kit',
      'sync',
    ]))
    return prepared.ok ? execute(name, program, args, nativeCompiler) : prepared
  }
  return { name, run }
}

function format(mode: '--check' | '--write'): Check {
  return command('format', bin('oxfmt'), [mode, '.'])
}

/** The types of the app's texts are those of its English messages. */
function messages(...options: string[]): Check {
  return command('messages', process.execPath, ['apps/web/words/generate.ts', ...options])
}

/** The types are those of a database that was migrated just now. */
async function generated({ adminUrl }: CheckTarget, options: string[] = []): Promise<Verdict> {
  const { Client } = await import('pg')
  const admin = new Client({ connectionString: adminUrl })
  await admin.connect()
  const name = `check_${process.pid}`
  await admin.query(`create database ${name}`)
  try {
    const url = new URL(adminUrl)
    url.pathname = name
    return await execute('generated', process.execPath, ['packages/db/src/generate.ts', ...options], {
      DATABASE_URL: url.href,
    })
  } finally {
    await admin.query(`drop database ${name} with (force)`)
    await admin.end()
  }
}

async function execute(name: string, program: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Verdict> {
  mkdirSync(logs, { recursive: true })
  const log = join(logs, `${name}.log`)
  const output = openSync(log, 'w')
  const child = startChild(program, args, {
    cwd: checkout,
    env: { ...process.env, ...env },
    stdio: ['ignore', output, output],
    orphanSignal: 'TERM',
  })
  const how = await child.exited
  closeSync(output)
  return { ok: how === 'exit code 0', log }
}
