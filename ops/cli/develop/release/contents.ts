import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { checkout } from '../../env.ts'
import { run } from '../../steps.ts'

/** What a machine needs of the sources. The web app is there as it was built. */
const sources = [
  'veche',
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'patches',
  'docs',
  'apps/api',
  'apps/sfu',
  'apps/web/package.json',
  'e2e/package.json',
  'packages',
  'ops',
]
const notNeeded = /(^|\/)(test|lint|bench|develop)\/|\.test\.ts$|(^|\/)(vitest\.config|tsconfig)\b/
/** Needed only while the packages are installed, because the lockfile names these too. They are removed after that. */
const onlyToInstall = ['apps/web/package.json', 'e2e', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'patches']
const parts = ['@veche/api', '@veche/sfu', '@veche/ops', '@veche/db', '@veche/shared']

export type ReleaseManifest = { version: string; commit: string; platform: string; node: string }

/** Fills the folder with all that one installation runs: sources, packages, the built web app, Node and the media worker. */
export async function fillRelease(folder: string, manifest: ReleaseManifest, mediaWorker: string): Promise<void> {
  for (const file of trackedFiles()) copyTo(folder, file)
  await installProduction(folder)
  for (const path of onlyToInstall) rmSync(join(folder, path), { recursive: true, force: true })
  cpSync(join(checkout, 'apps/web/build'), join(folder, 'apps/web/build'), { recursive: true })
  mkdirSync(join(folder, 'runtime'))
  copyProgram(process.execPath, join(folder, 'runtime/node'))
  copyProgram(mediaWorker, join(folder, 'runtime/mediasoup-worker'))
  writeFileSync(join(folder, 'release.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

export function trackedFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--', ...sources], { cwd: checkout, encoding: 'utf8' })
  return listed.split('\0').filter((file) => file && !notNeeded.test(file))
}

function copyTo(folder: string, file: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  copyFileSync(join(checkout, file), join(folder, file))
}

async function installProduction(folder: string): Promise<void> {
  const only = parts.flatMap((name) => ['--filter', name])
  const args = [...only, 'install', '--prod', '--frozen-lockfile', '--prefer-offline', '--package-import-method=copy']
  const log = join(checkout, 'node_modules/.veche/release.log')
  await run('pnpm', args, { cwd: folder, log, env: { CI: 'true' }, goal: 'Installing the packages of the release' })
}

function copyProgram(from: string, to: string): void {
  copyFileSync(from, to)
  chmodSync(to, 0o755)
}
