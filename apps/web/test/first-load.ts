import { existsSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const web = fileURLToPath(new URL('../', import.meta.url))
const client = `${web}.svelte-kit/output/client/`
const generated = `${web}.svelte-kit/generated/build/client-optimized/`

type Chunk = {
  file: string
  src?: string
  name?: string
  isEntry?: boolean
  imports?: string[]
  dynamicImports?: string[]
}
type Manifest = Record<string, Chunk>
export type Load = { name: string; file: string; bytes: number }

/** The release in `build`; null when there is none. */
export function builtRelease(): string | null {
  const file = `${web}build/_app/version.json`
  if (!existsSync(file) || !existsSync(`${client}.vite/manifest.json`)) return null
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/** The scripts that a route needs before it shows anything: the entries, the nodes of the route, and all they import. */
export function firstLoad(route: RegExp): Load[] {
  const manifest = readManifest()
  return withWords(manifest, firstKeys(manifest, route))
}

/** The scripts of these routes that `first` has not loaded, with those that they import later. */
export function laterLoad(first: RegExp, routes: RegExp[]): Load[] {
  const manifest = readManifest()
  const loaded = firstKeys(manifest, first)
  const seen = new Set(loaded)
  for (const route of routes) for (const node of nodesOf(route)) followAll(manifest, nodeKey(manifest, node), seen)
  for (const key of Object.keys(manifest)) if (/src\/lib\/meetings\//.test(key)) followAll(manifest, key, seen)
  const before = withWords(manifest, loaded).map(({ file }) => file)
  return withWords(manifest, seen).filter(({ file }) => !before.includes(file))
}

/** The files, and the words that they need, in the language in which these are the largest. */
function withWords(manifest: Manifest, keys: Set<string>): Load[] {
  const packs = JSON.parse(readFileSync(`${client}.vite/words.json`, 'utf8')) as Record<string, string[]>
  const needed = new Set(['first', ...[...keys].flatMap((key) => packs[manifest[key]?.file ?? ''] ?? [])])
  const words = Object.keys(manifest).filter((key) => needed.has(/^virtual:words\/\w+\/(.+)/.exec(key)?.[1] ?? ''))
  const languages = Object.values(Object.groupBy(words, (key) => key.split('/')[1]!)).map((chunks = []) =>
    toLoads(manifest, new Set(chunks)),
  )
  const [largest = []] = languages.sort((a, b) => total(b) - total(a))
  const code = [...keys].filter((key) => !key.startsWith('virtual:words/'))
  return [...toLoads(manifest, new Set(code)), ...largest]
}

/** Every script of the app. */
export function allLoads(): Load[] {
  const manifest = readManifest()
  return toLoads(manifest, new Set(Object.keys(manifest)))
}

export function total(loads: Load[]): number {
  return loads.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** The names of what the entries load before the page has told Kit about itself. */
export function entryLoads(): string[] {
  const manifest = readManifest()
  const seen = new Set<string>()
  for (const key of entries(manifest)) follow(manifest, key, seen)
  return toLoads(manifest, seen).map(({ name }) => name)
}

function readManifest(): Manifest {
  return JSON.parse(readFileSync(`${client}.vite/manifest.json`, 'utf8')) as Manifest
}

function firstKeys(manifest: Manifest, route: RegExp): Set<string> {
  const nodes = nodesOf(route).map((node) => nodeKey(manifest, node))
  const seen = new Set<string>()
  for (const key of [...entries(manifest), ...nodes]) follow(manifest, key, seen)
  return seen
}

function toLoads(manifest: Manifest, keys: Set<string>): Load[] {
  const chunks = [...keys].flatMap((key) => manifest[key] ?? []).filter(({ file }) => file.endsWith('.js'))
  const names = new Map(chunks.map(({ file, name = '' }) => [file, name]))
  return [...names]
    .map(([file, name]) => ({ name, file, bytes: statSync(`${web}build/${file}.br`).size }))
    .sort((a, b) => b.bytes - a.bytes)
}

function followAll(manifest: Manifest, key: string, seen: Set<string>) {
  if (seen.has(key)) return
  seen.add(key)
  const { imports = [], dynamicImports = [] } = manifest[key] ?? {}
  for (const next of [...imports, ...dynamicImports]) followAll(manifest, next, seen)
}

function follow(manifest: Manifest, key: string, seen: Set<string>) {
  if (seen.has(key)) return
  seen.add(key)
  for (const next of manifest[key]?.imports ?? []) follow(manifest, next, seen)
}

function entries(manifest: Manifest): string[] {
  const found = Object.keys(manifest).filter((key) =>
    /entry\/|(^|\/)(start|app|entry)$/.test(manifest[key]?.name ?? ''),
  )
  if (found.length < 2) throw new Error('SvelteKit names its entries in another way now.')
  return found
}

/** The root layout and the error page are always loaded; then the layouts of the route, and its page. */
function nodesOf(route: RegExp): number[] {
  const dictionary = readFileSync(`${generated}app.js`, 'utf8')
  const lines = [...dictionary.matchAll(/"([^"]+)": \[~?(\d+)(?:,\[([\d,]*)\])?/g)]
  const line = lines.find(([, id]) => id !== undefined && route.test(id))
  if (!line) throw new Error(`No route matches ${route}`)
  return [0, 1, ...(line[3] ?? '').split(',').filter(Boolean).map(Number), Number(line[2])]
}

function nodeKey(manifest: Manifest, node: number): string {
  const key = Object.keys(manifest).find((each) => each.endsWith(`client-optimized/nodes/${node}.js`))
  if (!key) throw new Error(`Node ${node} is not in the manifest`)
  return key
}
