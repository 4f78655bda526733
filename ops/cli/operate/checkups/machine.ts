import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { dirname } from 'node:path'
import { isRelease } from '../../env.ts'
import { freeSpace } from '../data-folder.ts'
import { nodeAddresses } from '../../parts/node-addresses.ts'
import { missingMediaTools } from '../../machine/system-packages.ts'
import { portProblem, wantedPorts } from '../ports.ts'
import { broken, doubtful, fine, idle, type Finding, type CheckupInput } from './finding.ts'

export function node(): Finding[] {
  const memory = `${availableParallelism()} cores, ${(totalmem() / 1e9).toFixed(0)} GB of memory`
  return Number.parseInt(process.versions.node) >= 24
    ? [fine('Node', `${process.versions.node}, ${memory}`)]
    : [broken('Node', `${process.versions.node} is too old`, 'Start it through ./veche, which fetches Node 24.')]
}

export function pnpm(): Finding[] {
  if (isRelease) return []
  const { status, stdout } = spawnSync('pnpm', ['--version'], { encoding: 'utf8', cwd: '/' })
  return status === 0
    ? [fine('pnpm', stdout.trim())]
    : [broken('pnpm', 'does not run', 'Start it through ./veche, which fetches pnpm.')]
}

export function mediaTools(): Finding[] {
  const missing = missingMediaTools()
  if (!missing.length) return [fine('Previews', 'the programs that read video, sound and documents are there')]
  return [
    doubtful(
      'Previews',
      `video, sound, documents or pictures of phones have none: ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing`,
      `apt-get install --no-install-recommends ${missing.join(' ')}; Administration → Work then tries again.`,
    ),
  ]
}

export function disk({ settings }: CheckupInput): Finding[] {
  const folder = existing(settings.dataFolder)
  const free = freeSpace(folder)
  const says = `${(free / 1e9).toFixed(1)} GB are free for ${settings.dataFolder}`
  if (free < 300_000_000)
    return [broken('Disk', says, 'Make room, or move the data folder to another disk (VECHE_DATA).')]
  if (free < 2_000_000_000) return [doubtful('Disk', says, 'Make room soon: Postgres stops when nothing is left.')]
  return [fine('Disk', says)]
}

export function secret({ settings }: CheckupInput): Finding[] {
  const file = `${settings.dataFolder}/secret`
  if (!existsSync(file)) return [idle('Secret', 'is made by the first start')]
  return (statSync(file).mode & 0o077) === 0
    ? [fine('Secret', 'only its owner can read it')]
    : [
        broken(
          'Secret',
          `others can read ${file}`,
          `chmod 600 ${file}; if somebody may have read it, remove it: everybody then signs in again.`,
        ),
      ]
}

export async function ports({ settings, state }: CheckupInput): Promise<Finding[]> {
  if (state) return []
  const wanted = wantedPorts(settings, nodeAddresses(settings, 1), !settings.turn.urls)
  const names = [...new Set(wanted.map(({ setting }) => setting))]
  const findings = names.map(async (setting) => {
    const list = wanted.filter((one) => one.setting === setting)
    const problems = await Promise.all(list.map(({ port, host, protocol }) => portProblem(port, host, protocol)))
    const problem = problems.find(Boolean)
    return problem
      ? broken(setting, problem, `Stop what uses it, or set ${setting} to another port.`)
      : fine(setting, `${[...new Set(list.map(({ port }) => port))].join(', ')} ${list.length > 2 ? 'are' : 'is'} free`)
  })
  return Promise.all(findings)
}

export function timekeeping(): Finding[] {
  const { status, stdout } = spawnSync('timedatectl', ['show', '--property=NTPSynchronized', '--value'], {
    encoding: 'utf8',
  })
  if (status !== 0) return [idle('Clock', 'this machine does not say whether anything keeps its time')]
  return stdout.trim() === 'yes'
    ? [fine('Clock', 'is kept by a time server')]
    : [
        doubtful(
          'Clock',
          'is not kept by a time server',
          'Turn it on with "timedatectl set-ntp true": links and codes expire by this clock.',
        ),
      ]
}

function existing(path: string): string {
  return existsSync(path) ? path : existing(dirname(path))
}
