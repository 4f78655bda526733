import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from '../cli/env.ts'
import { mediasoupVersion } from './package.ts'

const ingredients = [
  'ops/mediasoup/{recipe,source-package}.ts',
  'ops/mediasoup/subprojects/**/*',
  'patches/mediasoup@*',
]

/** The name covers all that changes the binary: version, machine, distribution and recipe. */
export function workerName() {
  return nameOf(mediasoupVersion(), process.arch, distribution(), recipe())
}

export function nameOf(version: string, arch: string, system: string, parts: [string, string][]) {
  const hash = createHash('sha256').update(system)
  for (const [path, text] of parts) hash.update(`\n${path}\n${text}`)
  return `${version}-${arch}-${hash.digest('hex').slice(0, 12)}`
}

function recipe() {
  const files = globSync(ingredients, { cwd: checkout, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort()
  return paths.map((path): [string, string] => [path.slice(checkout.length), readFileSync(path, 'utf8')])
}

/** Machines with different libraries may share one home directory. */
function distribution() {
  const file = '/etc/os-release'
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return ['ID', 'VERSION_ID'].map((key) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? '').join(' ')
}
