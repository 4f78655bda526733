import { cpSync, globSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { run, step } from '../cli/steps.ts'
import { needBuildTools } from '../cli/system-packages.ts'
import { Trouble } from '../cli/trouble.ts'
import { mediasoupFolder } from './package.ts'
import { fetchSource } from './source-package.ts'

const standIns = join(import.meta.dirname, 'subprojects')
/** One compiler takes up to this much memory. */
const appetite = 900_000_000

/**
 * From the package's own source and the distribution's libraries: for each subproject that meson would download there is
 * a stand-in that points at the system's library, except for libsrtp, whose packaged build sits on NSS.
 */
export async function build(draft: string): Promise<string> {
  await needBuildTools()
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

/** meson passes over a stand-in whose folder has another name, and then wants to download. */
export function checkStandIns(subprojects: string) {
  const wanted = readdirSync(subprojects)
    .filter((name) => name.endsWith('.wrap'))
    .map((name) => /^directory *= *(.+)$/m.exec(readFileSync(join(subprojects, name), 'utf8'))?.[1]?.trim())
  const strange = readdirSync(standIns).filter((name) => !wanted.includes(name))
  if (strange.length)
    throw new Trouble(
      `This version of mediasoup builds on other libraries than ops/mediasoup/subprojects knows (${strange.join(', ')}): the folders there follow the package's .wrap files.`,
    )
}

/** mediasoup calls libsrtp 3; the adapter says it in terms of libsrtp 2, whose headers it finds under their own name. */
async function addSrtp(draft: string, subprojects: string) {
  const source = join(subprojects, 'libsrtp2')
  await fetchSource('libsrtp2', source, draft)
  const adapter = readdirSync(subprojects).find((name) => /^libsrtp-/.test(name))!
  const headers = join(subprojects, adapter, 'include/srtp2')
  mkdirSync(headers)
  for (const path of globSync(['include/*.h', 'crypto/include/*.h'], { cwd: source }))
    cpSync(join(source, path), join(headers, path.split('/').at(-1)!))
}

/** Whatever else starts on this machine goes before it. */
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
