import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout, isRelease } from '../env.ts'
import { whileLocked } from '../lock.ts'
import { run, step } from '../steps.ts'
import { errorCode, CommandError } from '../errors.ts'

const stamps = join(checkout, 'node_modules/.veche')
const web = join(checkout, 'apps/web')
const log = (name: string) => join(stamps, `${name}.log`)

/** Installs the packages and builds the web app, each only when its inputs changed since the last time. */
export async function prepare(wanted: { web: boolean; media?: boolean }) {
  if (isRelease) return { mediaWorker: await makeMediaWorker() }
  makeStamps()
  // Making the first media worker takes minutes, so the web app is built meanwhile.
  let media: Promise<string> | undefined
  await whileLocked(
    join(stamps, 'lock'),
    () => console.log('  another command is preparing this checkout; waiting for it'),
    async () => {
      await installPackages()
      if (wanted.media) media = makeMediaWorker()
      if (wanted.web) await buildWeb()
    },
  )
  return { mediaWorker: await media }
}

export function packagesAreCurrent() {
  return isRelease || (stamp('install') === packageInputs() && existsSync(join(checkout, 'node_modules/.modules.yaml')))
}

export function webIsBuilt() {
  return existsSync(join(web, 'build/200.html'))
}

export function webIsCurrent() {
  return isRelease || (webIsBuilt() && stamp('web') === webInputs())
}

async function installPackages() {
  if (packagesAreCurrent()) return
  const args = ['install', '--frozen-lockfile', '--prefer-offline']
  const goal = 'Installing packages'
  await step(goal, () =>
    run('pnpm', args, { cwd: checkout, log: log('install'), env: { CI: 'true' }, goal, cannotSucceed }),
  )
  writeStamp('install', packageInputs())
}

/** This is imported late, because it needs packages that were installed a moment ago. A failure is thrown where the worker is awaited. */
function makeMediaWorker() {
  const making = import('./media-worker.ts').then(({ ensureMediaWorker }) => ensureMediaWorker())
  making.catch(() => undefined)
  return making
}

/** Without a network, each of hundreds of packages would time out in turn. */
function cannotSucceed(said: string) {
  return (said.match(/error sending request[^]*?\b0 retries left/g)?.length ?? 0) >= 10
}

/** The stamp describes the inputs as they were before the build, so a change during the build leads to another build. */
async function buildWeb() {
  if (webIsCurrent()) return
  const inputs = webInputs()
  const goal = 'Building the web app'
  await step(goal, () => run('pnpm', ['build'], { cwd: web, log: log('web'), goal }))
  writeStamp('web', inputs)
}

function packageInputs() {
  return digest([
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    'package.json',
    '{apps,packages}/*/package.json',
    '{ops,e2e}/package.json',
    'patches/*',
  ])
}

function webInputs() {
  return digest([
    'pnpm-lock.yaml',
    'apps/web/*.{ts,js,json,html}',
    'apps/web/{src,static,messages}/**/*',
    'packages/shared/src/**/*.ts',
  ])
}

function digest(patterns: string[]) {
  const files = globSync(patterns, { cwd: checkout, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const hash = createHash('sha256').update(process.version)
  for (const file of files.sort()) hash.update(`\n${file.slice(checkout.length)}\n`).update(readFileSync(file))
  return hash.digest('hex')
}

function stamp(name: string) {
  const file = join(stamps, name)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

function writeStamp(name: string, value: string) {
  makeStamps()
  writeFileSync(join(stamps, name), value)
}

function makeStamps() {
  try {
    mkdirSync(stamps, { recursive: true })
  } catch (error) {
    const why = errorCode(error) === 'ENOSPC' ? 'the disk is full' : 'this account has no right to write there'
    throw new CommandError(`The checkout ${checkout} cannot be used: ${why}.`)
  }
}
