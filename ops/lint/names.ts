import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { bannedWords, crowdedFolders, namesInSeveralFiles } from './names-allowed.ts'

/** Exported names are unique within one of these. */
const units = ['apps/api', 'apps/sfu', 'apps/web', 'packages/shared', 'packages/db', 'ops', 'e2e']
const maxSourcesInFolder = 15

type Source = { path: string; exports: string[] }

/** Everything in a checkout that breaks the rules for names and folders, one sentence each. */
export function namingProblems(checkout: string): string[] {
  return units.flatMap((unit) => {
    const sources = sourcesOf(checkout, unit)
    return [...repeatedNames(unit, sources), ...crowded(sources), ...badWords(sources)]
  })
}

/** The names of tables, as the migrations create them. */
export function tableProblems(checkout: string): string[] {
  const files = globSync('packages/db/migrations/*.ts', { cwd: checkout })
  return files.flatMap((path) => {
    const tables = [...readFileSync(join(checkout, path), 'utf8').matchAll(/create table (\w+)/g)].map(
      ([, name]) => name!,
    )
    return tables.flatMap((table) => wordProblems(table, `The table ${table} (${path})`))
  })
}

function sourcesOf(checkout: string, unit: string): Source[] {
  const patterns = [`${unit}/**/*.ts`, `${unit}/**/*.svelte`]
  const exclude = ['**/node_modules/**', '**/build/**', '**/.svelte-kit/**', '**/*.test.ts', '**/*.d.ts', '**/*.gen.ts']
  return globSync(patterns, { cwd: checkout, exclude }).map((path) => ({
    path,
    exports: path.endsWith('.svelte') ? componentName(path) : exportedNames(readFileSync(join(checkout, path), 'utf8')),
  }))
}

/** A component is known by the name of its file; the files of routes have names that the router gives them. */
function componentName(path: string): string[] {
  const name = basename(path, '.svelte')
  return name.startsWith('+') ? [] : [name]
}

const declaration =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:(?:function\*?|class|enum|type|interface) (\w+)|(?:const|let) (?:enum )?(\w+|[[{][^=]*[\]}]))/gm
const list = /^export (?:type )?\{([^}]*)\}(?! from)/gm

/** One name once, also when a type and a value share it. What is only passed on from another file does not count. */
export function exportedNames(text: string): string[] {
  const declared = [...text.matchAll(declaration)].flatMap(
    ([, name, bound]) => (name ?? bound ?? '').match(/\w+/g) ?? [],
  )
  const listed = [...text.matchAll(list)].flatMap(([, names]) =>
    names!.split(',').map((name) =>
      name
        .trim()
        .split(/\s+as\s+/)
        .at(-1)!
        .replace(/^type /, ''),
    ),
  )
  return [...new Set([...declared, ...listed])].filter((name) => name && name !== 'default')
}

function repeatedNames(unit: string, sources: Source[]): string[] {
  const files = new Map<string, string[]>()
  for (const { path, exports } of sources) {
    if (isRoute(path)) continue
    for (const name of exports) files.set(name, [...(files.get(name) ?? []), path])
  }
  return [...files]
    .filter(([, paths]) => paths.length > 1)
    .filter(
      ([name, paths]) =>
        !namesInSeveralFiles.some((one) => one.names.test(name) && paths.every((path) => one.files.test(path))),
    )
    .map(([name, paths]) => `${unit} exports the name ${name} ${paths.length} times: ${paths.join(', ')}.`)
}

/** The router of the web app finds these by the name of their file. */
function isRoute(path: string): boolean {
  return basename(path).startsWith('+')
}

function crowded(sources: Source[]): string[] {
  const folders = Map.groupBy(sources, ({ path }) => dirname(path))
  return [...folders]
    .filter(([folder, files]) => files.length > maxSourcesInFolder && !(folder in crowdedFolders))
    .map(
      ([folder, files]) =>
        `${folder} holds ${files.length} sources, and more than ${maxSourcesInFolder} are two nouns.`,
    )
}

function badWords(sources: Source[]): string[] {
  return sources.flatMap(({ path, exports }) => [
    ...wordProblems(stem(path), `The file ${path}`),
    ...exports.flatMap((name) => (name === stem(path) ? [] : wordProblems(name, `The export ${name} of ${path}`))),
  ])
}

function stem(path: string): string {
  return basename(path).replace(/(\.svelte)?\.(ts|svelte)$/, '')
}

function wordProblems(name: string, what: string): string[] {
  const words = wordsOf(name)
  return bannedWords
    .filter(({ word, unless }) => words.includes(` ${word} `) && !unless?.test(name))
    .map(({ word, say }) => `${what} says "${word}": the glossary says ${say}.`)
}

/** "openChatList" and "open-chat-list" are both " open chat list ". */
function wordsOf(name: string): string {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
  return ` ${spaced.replace(/[^A-Za-z0-9]+/g, ' ').toLowerCase()} `
}

if (import.meta.main) {
  const problems = [...namingProblems(process.cwd()), ...tableProblems(process.cwd())]
  for (const problem of problems) console.log(problem)
  process.exitCode = problems.length ? 1 : 0
}
