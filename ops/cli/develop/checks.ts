import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { startChild } from '../child.ts'
import { checkout } from '../env.ts'

export type Verdict = { ok: boolean; log: string }
export type Place = { checkout: string; adminUrl: string }
export type Check = {
  name: string
  database?: boolean
  run(place: Place): Promise<Verdict>
  /** Makes it so, where that needs no thought. */
  write?(place: Place): Promise<Verdict>
}

const projects = ['packages/shared', 'packages/db', 'apps/api', 'apps/sfu', 'ops', 'e2e'].filter((folder) =>
  existsSync(join(checkout, folder, 'tsconfig.json')),
)
const logs = join(checkout, 'node_modules/.veche/checks')
const bin = (name: string) => join(checkout, 'node_modules/.bin', name)

/** The longest first, so that the cores end together. */
export const checks: Check[] = [
  command('lint', bin('eslint'), ['.']),
  command('types-web', 'pnpm', ['--dir', 'apps/web', 'check']),
  command('unused', bin('knip'), ['--no-progress']),
  ...projects.map((folder) => types(folder)),
  { ...format('--check'), write: format('--write').run },
  { name: 'generated', database: true, run: (place) => generated(place, ['--check']), write: generated },
]

function command(name: string, program: string, args: string[]): Check {
  return { name, run: () => execute(name, program, args) }
}

function types(folder: string): Check {
  const name = `types-${folder.split('/').at(-1)}`
  const memory = ['--incremental', '--tsBuildInfoFile', join(logs, `${name}.tsbuildinfo`)]
  return command(name, bin('tsc'), ['--project', folder, '--pretty', 'false', ...memory])
}

function format(mode: '--check' | '--write'): Check {
  return command('format', bin('prettier'), [mode, '--log-level', 'warn', '.'])
}

/** The types are those of a database that was migrated just now. */
async function generated({ adminUrl }: Place, options: string[] = []): Promise<Verdict> {
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
