import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { redisBinary } from '../parts/redis.ts'
import { run, step } from '../steps.ts'
import { CommandError } from '../errors.ts'
import { turnBinary } from '../parts/turn.ts'

export async function ensureRedis() {
  if (redisBinary()) return
  await install(['redis-server'], 'Redis')
  stopService('redis-server')
  if (!redisBinary())
    throw new CommandError('redis-server was installed and still does not run: "redis-server --version" says why.')
}

export async function ensureTurn() {
  if (turnBinary()) return
  await install(['coturn'], 'coturn')
  stopService('coturn')
  if (!turnBinary())
    throw new CommandError('coturn was installed and still does not run: "turnserver --version" says why.')
}

/** The Debian package starts a system service; ours is a separate server with its own settings. */
function stopService(name: string) {
  if (existsSync('/run/systemd/system'))
    spawnSync(...asRoot(['systemctl', 'disable', '--now', name]), { stdio: 'ignore' })
}

export function chromiumBinary() {
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))
}

export async function ensureChromium() {
  if (chromiumBinary()) return
  await install(['chromium'], 'Chromium')
  if (!chromiumBinary()) throw new CommandError('chromium was installed and is not at /usr/bin/chromium.')
}

/** What reads video, sound, documents and pictures of phones. */
export async function ensureMediaTools() {
  const missing = missingMediaTools()
  if (!missing.length) return
  await install(missing, 'the programs that make previews')
  const still = missingMediaTools()
  if (still.length) throw new CommandError(`${still.join(' ')} was installed, and a program of it is still missing.`)
}

export function missingMediaTools(): string[] {
  return Object.entries(mediaToolPackages).flatMap(([name, paths]) => (paths.every(existsSync) ? [] : [name]))
}

/** Packages of the distribution, each with its programs. */
export const mediaToolPackages = {
  ffmpeg: ['/usr/bin/ffmpeg', '/usr/bin/ffprobe'],
  'libheif-examples': ['/usr/bin/heif-convert'],
  'poppler-utils': ['/usr/bin/pdftocairo'],
}

/** The other browsers that the walks run in, and what they need. */
export async function ensureOtherBrowsers() {
  await ensurePackages(otherBrowserPackages, 'the browsers of the tests')
}

/** Servers that tests talk to. */
export async function ensureTestServers() {
  await ensurePackages(testServerPackages, 'the servers of the tests')
}

async function ensurePackages(packages: Record<string, string>, called: string) {
  const missing = Object.entries(packages).filter(([, path]) => !existsSync(path))
  if (missing.length)
    await install(
      missing.map(([name]) => name),
      called,
    )
  for (const [name, path] of missing)
    if (!existsSync(path)) throw new CommandError(`${name} was installed and is not at ${path}.`)
}

/** Packages of the distribution, each with a program of it. */
export const otherBrowserPackages = {
  'firefox-esr': '/usr/bin/firefox-esr',
  'webkit2gtk-driver': '/usr/bin/WebKitWebDriver',
  // WebKitGTK wants a screen, which this one keeps in memory.
  xvfb: '/usr/bin/Xvfb',
  // It makes the certificate with which WebKitGTK reaches an installation over https.
  openssl: '/usr/bin/openssl',
}

/** Swift speaks S3. */
export const testServerPackages = {
  'python3-swift': '/usr/lib/python3/dist-packages/swift/__init__.py',
}

/** Packages for building the media worker when its official binary cannot be fetched. */
const buildTools = [
  'meson',
  'ninja-build',
  'g++',
  'pkg-config',
  'dpkg-dev',
  'libuv1-dev',
  'libssl-dev',
  'libabsl-dev',
  'libflatbuffers-dev',
  'flatbuffers-compiler',
]

export async function ensureBuildTools() {
  if (!existsSync('/usr/bin/apt-get'))
    throw new CommandError(
      'The media worker can be built on Debian and its like only: let this machine fetch it, or name one with MEDIASOUP_WORKER_BIN.',
    )
  const missing = buildTools.filter((name) => !isInstalled(name))
  if (missing.length) await install(missing, "the media worker's toolchain")
}

export function isInstalled(name: string): boolean {
  return packageField(name, 'db:Status-Status') === 'installed'
}

export function packageVersion(name: string): string {
  return packageField(name, 'Version')
}

/** Empty when there is no such package. */
function packageField(name: string, field: string): string {
  const { stdout } = spawnSync('dpkg-query', ['--show', `--showformat=\${${field}}`, name], { encoding: 'utf8' })
  return stdout ?? ''
}

async function install(names: string[], called: string) {
  const name = names.join(' ')
  if (!existsSync('/usr/bin/apt-get'))
    throw new CommandError(
      `${called} is missing, and this machine has no apt-get: install ${name} and run the command again.`,
    )
  unlockSudo(name)
  await step(`Installing ${called} from the distribution`, async () => {
    const log = join(tmpdir(), `veche-apt-${process.pid}.log`)
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    const goal = `Installing ${called} (apt-get install ${name})`
    await run(...asRoot(['apt-get', 'update']), {
      cwd: '/',
      log,
      env,
      goal: 'Reading the package lists (apt-get update)',
    })
    const patiently = ['--yes', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300']
    await run(...asRoot(['apt-get', 'install', ...patiently, ...names]), { cwd: '/', log, env, goal })
  })
}

/** Asks for the sudo password in the terminal, before the output goes to a log. */
function unlockSudo(name: string) {
  if (userInfo().uid === 0) return
  const interactive = process.stdin.isTTY ? [] : ['--non-interactive']
  const { status } = spawnSync('sudo', [...interactive, '--validate'], { stdio: 'inherit' })
  if (status !== 0)
    throw new CommandError(
      `${name} is missing, and this account may not install it: run "apt-get install ${name}" as root, or give the account sudo.`,
    )
}

function asRoot(command: string[]): [string, string[]] {
  const [name, ...args] =
    userInfo().uid === 0 ? command : ['sudo', '--non-interactive', '--preserve-env=DEBIAN_FRONTEND', ...command]
  return [name!, args]
}
