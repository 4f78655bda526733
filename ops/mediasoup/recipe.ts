import { cpSync, globSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { run, step } from '../cli/steps.ts'
import { ensureBuildTools } from '../cli/machine/system-packages.ts'
import { CommandError } from '../cli/errors.ts'
import { mediasoupFolder } from './package.ts'
import { fetchSource } from './source-package.ts'

const standIns = join(import.meta.dirname, 'subprojects')
/** The most memory that one compiler process takes. */
const appetite = 900_000_000

/**
 * Builds the worker from the package's source and Debian's libraries. For each subproject that meson would download there is
 * a stand-in that points at the system's library, except for libsrtp, whose Debian build uses NSS.
 */
export async function build(draft: string): Promise<string> {
  await ensureBuildTools()
  return step('Building the media worker (once; it takes some minutes)', async () => {
    const worker = join(draft, 'worker')
    cpSync(join(mediasoupFolder(), 'worker'), worker, { recursive: true })
    checkStandIns(join(worker, 'subprojects'))
    cpSync(standIns, join(worker, 'subprojects'), { recursive: true })
    await addSrtp(draft, join(worker, 'subprojects'))
    await compile(worker, dirname(draft))
    return join(worker, 'build/mediasoup-worker')
  })
}

/** meson ignores a stand-in whose folder has another name, and tries to download. */
export function checkStandIns(subprojects: string) {
  const wanted = readdirSync(subprojects)
    .filter((name) => name.endsWith('.wrap'))
    .map((name) => /^directory *= *(.+)$/m.exec(readFileSync(join(subprojects, name), 'utf8'))?.[1]?.trim())
  const strange = readdirSync(standIns).filter((name) => !wanted.includes(name))
  if (strange.length)
    throw new CommandError(
      `This version of mediasoup builds on other libraries than ops/mediasoup/subprojects knows (${strange.join(', ')}): the folders there follow the package's .wrap files.`,
    )
}

/** mediasoup calls libsrtp 3; the adapter maps that to libsrtp 2. */
async function addSrtp(draft: string, subprojects: string) {
  const source = join(subprojects, 'libsrtp2')
  await fetchSource('libsrtp2', source, draft)
  const adapter = readdirSync(subprojects).find((name) => /^libsrtp-/.test(name))!
  const headers = join(subprojects, adapter, 'include/srtp2')
  mkdirSync(headers)
  for (const path of globSync(['include/*.h', 'crypto/include/*.h'], { cwd: source }))
    cpSync(join(source, path), join(headers, path.split('/').at(-1)!))
}

/** The build runs with low priority, so other programs go first. */
async function compile(cwd: string, logs: string) {
  const goal = 'Building the media worker'
  const options = ['--buildtype', 'release', '-Db_ndebug=true', '--wrap-mode=nodownload']
  const gently = (...command: string[]) => ['-n', '10', ...command]
  await run('nice', gently('meson', 'setup', ...options, 'build'), { cwd, log: join(logs, 'meson.log'), goal })
  const ninja = ['ninja', '-C', 'build', '-j', String(jobs()), 'mediasoup-worker']
  await run('nice', gently(...ninja), { cwd, log: join(logs, 'ninja.log'), goal })
}

function jobs() {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / appetite)))
}
