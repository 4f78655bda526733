import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readArguments } from '../../arguments.ts'
import { checkout } from '../../env.ts'
import { CommandError, UsageError } from '../../errors.ts'
import { prepare } from '../../machine/prepare.ts'
import { run as runProgram, step } from '../../steps.ts'
import { fillRelease, type ReleaseManifest } from './contents.ts'
import { publicKeyOf, signArchive, signingKey, verifyArchive } from './signature.ts'

export const usage = `
./veche release --key <file> [--to <folder>]
./veche release --verify <archive> --public-key <file>

Makes one archive of the commit that is checked out: Node, packages, the built web app and the media worker, for machines like
this one. Such a machine needs no network and no compiler to start it, beside Redis and coturn of its distribution.

  --key         the private key that signs (Ed25519, PEM); it is made when the file is missing
  --to          where the archive, its checksum and the signature are written (default: the folder "releases")
  --verify      checks an archive with the checksum and the signature beside it
`

export async function run(args: string[]): Promise<number> {
  const { values } = readArguments('release', args, {
    key: { type: 'string' },
    to: { type: 'string', default: 'releases' },
    verify: { type: 'string' },
    'public-key': { type: 'string' },
  })
  if (values.verify) {
    if (!values['public-key']) throw new UsageError('--verify needs --public-key.')
    await verifyArchive(values.verify, publicKeyOf(values['public-key']))
    console.log('The archive is the one that was signed with this key.')
    return 0
  }
  if (!values.key) throw new UsageError('A release is signed: --key names the file with the private key.')
  console.log(await makeRelease({ key: values.key, to: resolve(values.to) }))
  return 0
}

/** Returns the path of the archive. */
export async function makeRelease({ key, to }: { key: string; to: string }): Promise<string> {
  requireCleanCheckout()
  const privateKey = signingKey(key)
  const { mediaWorker } = await prepare({ web: true, media: true })
  if (!mediaWorker) throw new CommandError('There is no media worker for this machine.')
  const manifest = manifestOf()
  const name = `veche-${manifest.version}-${manifest.platform}`
  const draft = mkdtempSync(join(tmpdir(), 'veche-release-'))
  try {
    mkdirSync(join(draft, name))
    await step('Collecting what a machine needs', () => fillRelease(join(draft, name), manifest, mediaWorker))
    const archive = join(to, `${name}.tar.gz`)
    mkdirSync(to, { recursive: true })
    await step('Packing', () => pack(draft, name, archive))
    await signArchive(archive, privateKey)
    return archive
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** An archive says of which commit it is, so it holds nothing else. */
function requireCleanCheckout(): void {
  const changed = git('status', '--porcelain', '--untracked-files=no')
  if (changed) throw new CommandError(`A release is made of a commit, and these files differ from it:\n${changed}`)
}

function manifestOf(): ReleaseManifest {
  const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string }
  const platform = `${process.platform}-${process.arch}`
  return { version, commit: git('rev-parse', 'HEAD'), platform, node: process.versions.node }
}

/** Owners and times do not depend on who packs and when. */
async function pack(draft: string, name: string, archive: string): Promise<void> {
  const time = git('log', '-1', '--format=%ct')
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', `--mtime=@${time}`]
  const log = join(checkout, 'node_modules/.veche/release-tar.log')
  await runProgram('tar', [...same, '-czf', archive, name], { cwd: draft, log, goal: 'Packing the release' })
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: checkout, encoding: 'utf8' }).trim()
}
