import type { LanguageFiles, Code } from './languages.ts'
import { formatNames } from './compile.ts'
import type { ArgumentKind } from './message.ts'
import { packNames, packOf } from './packs.ts'

/** The module that knows every language and pack, and loads each when it is asked to. */
export function indexModule({ languages, english }: LanguageFiles): string {
  const names = Object.fromEntries(languages.map(({ locale, name }) => [locale, name]))
  const packs = Object.fromEntries([...english.keys()].map((namespace) => [namespace, packOf(namespace)]))
  const chunks = languages.flatMap(({ locale }) => packNames.map((pack) => `${locale}/${pack}`))
  return [
    `export const languages=${JSON.stringify(names)}`,
    `export const packs=${JSON.stringify(packs)}`,
    `export const chunks={${chunks.map((chunk) => `"${chunk}":()=>import("virtual:words/${chunk}")`).join(',')}}`,
  ].join('\n')
}

/** The messages of one pack in one language, as a function of the formats of the language. */
export function chunkModule(code: Code, pack: string): string {
  const groups = [...code].filter(([namespace]) => packOf(namespace) === pack)
  const body = groups.map(([namespace, messages]) => `${namespace}:{${members(messages)}}`).join(',\n')
  return `export default (${formatNames.join(',')})=>({${body}})`
}

function members(messages: Map<string, string>): string {
  return [...messages].map(([key, code]) => `${JSON.stringify(key)}:${code}`).join(',\n')
}

const types: Record<ArgumentKind, string> = { text: 'string', number: 'number', time: 'string | number | Date' }

/** TypeScript for the keys and arguments of the English messages. */
export function typesModule({ english }: LanguageFiles): string {
  const groups = [...english].map(([namespace, messages]) => {
    const lines = [...messages].map(([key, { args }]) => `    ${propertyName(key)}: ${signature(args)}`)
    return [`  ${namespace}: {`, ...lines, '  }'].join('\n')
  })
  return [
    '/** Written by `./veche check --write messages` from messages/en.json. */',
    'export type Messages = {',
    ...groups,
    '}',
    '',
  ].join('\n')
}

function signature(args: ReadonlyMap<string, ArgumentKind>): string {
  if (!args.size) return 'string'
  return `(given: { ${[...args].map(([name, kind]) => `${name}: ${types[kind]}`).join('; ')} }) => string`
}

function propertyName(key: string): string {
  return /^[a-z]\w*$/i.test(key) ? key : `'${key}'`
}
