import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { compileMessage } from './compile.ts'
import { type Message, MessageError, readMessage } from './message.ts'

type Texts = Record<string, Record<string, string>>
/** Namespace and key to JavaScript. */
export type Code = Map<string, Map<string, string>>
export type Language = { locale: string; name: string; code: Code; missing: string[] }
export type LanguageFiles = { languages: Language[]; english: Map<string, Map<string, Message>> }

/** Reads every language of a folder and compiles it. Throws an error that lists everything that is wrong, each by file and key. */
export function readLanguages(folder: string): LanguageFiles {
  const problems: string[] = []
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  const texts = new Map(files.map((file) => [basename(file, '.json'), readTexts(folder, file, problems)]))
  const english = readEnglish(texts.get('en'), problems)
  const languages = [...texts].sort().map(([locale, given]) => translate(locale, given, english, problems))
  if (problems.length) throw new Error(['The messages are not right:', ...problems].join('\n  '))
  return { languages, english }
}

function readTexts(folder: string, file: string, problems: string[]): Texts {
  if (!/^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?\.json$/.test(file))
    problems.push(`${file} is not named after a language`)
  try {
    const texts = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Texts
    for (const [namespace, group] of Object.entries(texts))
      for (const [key, text] of Object.entries(group))
        if (typeof text !== 'string' || !text.trim()) problems.push(`${file} ${namespace}.${key} is no text`)
    return texts
  } catch (thrown) {
    problems.push(`${file} cannot be read: ${(thrown as Error).message}`)
    return {}
  }
}

function readEnglish(texts: Texts = {}, problems: string[]): LanguageFiles['english'] {
  return mapTexts(texts, (text, path) => attempt(`en.json ${path}`, problems, () => readMessage(text, 'en')))
}

function translate(locale: string, texts: Texts, english: LanguageFiles['english'], problems: string[]): Language {
  const code: Code = new Map()
  const missing: string[] = []
  for (const [namespace, messages] of english) {
    const compiled = new Map<string, string>()
    for (const [key, original] of messages) {
      const text = texts[namespace]?.[key]
      const path = `${namespace}.${key}`
      if (text === undefined) missing.push(path)
      const translated = attempt(`${locale}.json ${path}`, problems, () =>
        text === undefined
          ? compileMessage(original, 'en', original.args, true)
          : compileTranslation(text, locale, original),
      )
      if (translated !== undefined) compiled.set(key, translated)
    }
    code.set(namespace, compiled)
  }
  problems.push(...unknownKeys(locale, texts, english))
  return { locale, name: languageName(locale), code, missing }
}

function compileTranslation(text: string, locale: string, original: Message): string {
  const message = readMessage(text, locale)
  for (const name of original.args.keys())
    if (!message.args.has(name)) throw new MessageError(`lacks the argument {${name}}`)
  for (const [name, kind] of message.args) {
    const meant = original.args.get(name)
    if (!meant) throw new MessageError(`has an argument {${name}}, which English has not`)
    if (kind !== meant && kind !== 'text')
      throw new MessageError(`takes {${name}} for a ${kind}, and English for a ${meant}`)
  }
  return compileMessage(message, locale, original.args)
}

function unknownKeys(locale: string, texts: Texts, english: LanguageFiles['english']): string[] {
  return [...mapTexts(texts, (_, path) => path)].flatMap(([namespace, keys]) =>
    [...keys.keys()].flatMap((key) =>
      english.get(namespace)?.has(key) ? [] : [`${locale}.json ${namespace}.${key} does not exist in en.json`],
    ),
  )
}

function mapTexts<Result>(texts: Texts, map: (text: string, path: string) => Result | undefined) {
  const groups = new Map<string, Map<string, Result>>()
  for (const [namespace, group] of Object.entries(texts)) {
    const results = Object.entries(group).flatMap(([key, text]) => {
      const result = typeof text === 'string' ? map(text, `${namespace}.${key}`) : undefined
      return result === undefined ? [] : [[key, result] as const]
    })
    groups.set(namespace, new Map(results))
  }
  return groups
}

function attempt<Result>(where: string, problems: string[], work: () => Result): Result | undefined {
  try {
    return work()
  } catch (thrown) {
    if (!(thrown instanceof MessageError)) throw thrown
    problems.push(`${where} ${thrown.message}`)
    return undefined
  }
}

/** The language as it calls itself: English, Русский. */
function languageName(locale: string): string {
  const name = new Intl.DisplayNames(locale, { type: 'language' }).of(locale) ?? locale
  return name.slice(0, 1).toLocaleUpperCase(locale) + name.slice(1)
}
