import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from '../cli/steps.ts'
import { CommandError } from '../cli/errors.ts'

/**
 * Fetches the Debian source of a package from this machine's own package servers. Its lists are kept apart, so
 * nothing of the system changes and root is not needed; apt checks signatures as always.
 */
export async function fetchSource(name: string, target: string, draft: string) {
  const folder = join(draft, 'apt')
  const options = layOut(folder, sourceLines(name))
  const goal = `Fetching the source of ${name}`
  const log = (step: string) => join(dirname(draft), `apt-${step}.log`)
  await run('apt-get', [...options, 'update'], { cwd: folder, log: log('update'), goal })
  await run('apt-get', [...options, 'source', name], { cwd: folder, log: log('source'), goal })
  const unpacked = readdirSync(folder).find((entry) => new RegExp(`^${name}-\\d[^_]*$`).test(entry))
  if (!unpacked)
    throw new CommandError(`${goal} failed: apt-get has not unpacked it. The whole output is in ${log('source')}.`)
  renameSync(join(folder, unpacked), target)
}

function layOut(folder: string, sources: Sources) {
  for (const name of ['lists/partial', 'cache/archives/partial', 'parts'])
    mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'sources.list'), sources.lines.join('\n'))
  writeFileSync(join(folder, 'parts/all.sources'), sources.stanzas.join('\n\n'))
  const places = {
    'Dir::Etc::SourceList': join(folder, 'sources.list'),
    'Dir::Etc::SourceParts': join(folder, 'parts'),
    'Dir::State::Lists': join(folder, 'lists'),
    'Dir::Cache': join(folder, 'cache'),
    'Acquire::Languages': 'none',
    'Acquire::Retries': '1',
    // The account that apt drops to cannot enter the folder.
    ...(userInfo().uid === 0 ? { 'APT::Sandbox::User': 'root' } : {}),
  }
  return Object.entries(places).flatMap(([key, value]) => ['-o', `${key}=${value}`])
}

type Sources = { lines: string[]; stanzas: string[] }

/** This machine's package sources, changed to source packages; only the one with this package, as others may have none. */
function sourceLines(name: string): Sources {
  const files = ['/etc/apt/sources.list', ...partFiles('/etc/apt/sources.list.d')].filter((file) => existsSync(file))
  const all = files.map((file) => asSources(readFileSync(file, 'utf8'), file.endsWith('.sources')))
  const lines = all.flatMap((one) => one.lines)
  const stanzas = all.flatMap((one) => one.stanzas)
  const site = siteOf(name)
  const near = (text: string) =>
    !site ||
    text
      .replaceAll(/\/(?=\s|$)/gm, '')
      .split(/\s/)
      .includes(site)
  return lines.some(near) || stanzas.some(near)
    ? { lines: lines.filter(near), stanzas: stanzas.filter(near) }
    : { lines, stanzas }
}

function partFiles(folder: string) {
  const names = existsSync(folder) ? readdirSync(folder) : []
  return names.filter((name) => /\.(list|sources)$/.test(name)).map((name) => join(folder, name))
}

/** The origin of the binary package, as apt prints it. */
function siteOf(name: string) {
  const { stdout } = spawnSync('apt-cache', ['policy', `${name}-dev`], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  })
  return /^ +\d+ (\S+) \S+ \S+ Packages$/m.exec(stdout ?? '')?.[1]?.replace(/\/$/, '')
}

/** Converts both formats that apt knows. */
export function asSources(text: string, deb822: boolean): Sources {
  const bare = text.replaceAll(/^\s*#.*\n?/gm, '')
  if (!deb822) {
    const lines = bare.split('\n').filter((line) => /^\s*deb\s/.test(line))
    return { lines: lines.map((line) => line.trim().replace(/^deb\s/, 'deb-src ')), stanzas: [] }
  }
  const stanzas = bare
    .split(/\n\s*\n/)
    .map((stanza) => stanza.trim())
    .filter((stanza) => /^Types:.*\bdeb(?!-)/im.test(stanza) && !/^Enabled:\s*(no|false|0)\s*$/im.test(stanza))
  return { lines: [], stanzas: stanzas.map((stanza) => stanza.replace(/^Types:.*$/im, 'Types: deb-src')) }
}
