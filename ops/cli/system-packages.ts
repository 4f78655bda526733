import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { redisBinary } from './redis.ts'
import { run, step } from './steps.ts'
import { Trouble } from './trouble.ts'
import { turnBinary } from './turn.ts'

export async function needRedis() {
  if (redisBinary()) return
  await install(['redis-server'], 'Redis')
  stopService('redis-server')
  if (!redisBinary())
    throw new Trouble('redis-server was installed and still does not run: "redis-server --version" says why.')
}

export async function needTurn() {
  if (turnBinary()) return
  await install(['coturn'], 'coturn')
  stopService('coturn')
  if (!turnBinary()) throw new Trouble('coturn was installed and still does not run: "turnserver --version" says why.')
}

/** The package starts a server of the machine's own; ours is another one, with other settings. */
function stopService(name: string) {
  if (existsSync('/run/systemd/system'))
    spawnSync(...asRoot(['systemctl', 'disable', '--now', name]), { stdio: 'ignore' })
}

export function chromiumBinary() {
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))
}

export async function needChromium() {
  if (chromiumBinary()) return
  await install(['chromium'], 'Chromium')
  if (!chromiumBinary()) throw new Trouble('chromium was installed and is not at /usr/bin/chromium.')
}

/** What the media worker is built with and on, where its official binary cannot be fetched. */
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

export async function needBuildTools() {
  if (!existsSync('/usr/bin/apt-get'))
    throw new Trouble(
      'The media worker can be built on Debian and its like only: let this machine fetch it, or name one with MEDIASOUP_WORKER_BIN.',
    )
  const missing = buildTools.filter((name) => !isInstalled(name))
  if (missing.length) await install(missing, "the media worker's toolchain")
}

function isInstalled(name: string) {
  const { stdout } = spawnSync('dpkg-query', ['--show', '--showformat=${db:Status-Status}', name], { encoding: 'utf8' })
  return stdout?.includes('installed') && !stdout.includes('not-installed')
}

async function install(names: string[], called: string) {
  const name = names.join(' ')
  if (!existsSync('/usr/bin/apt-get'))
    throw new Trouble(
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

/** Asks for the password once, in the terminal, before the output goes to a log. */
function unlockSudo(name: string) {
  if (userInfo().uid === 0) return
  const interactive = process.stdin.isTTY ? [] : ['--non-interactive']
  const { status } = spawnSync('sudo', [...interactive, '--validate'], { stdio: 'inherit' })
  if (status !== 0)
    throw new Trouble(
      `${name} is missing, and this account may not install it: run "apt-get install ${name}" as root, or give the account sudo.`,
    )
}

function asRoot(command: string[]): [string, string[]] {
  const [name, ...args] =
    userInfo().uid === 0 ? command : ['sudo', '--non-interactive', '--preserve-env=DEBIAN_FRONTEND', ...command]
  return [name!, args]
}
