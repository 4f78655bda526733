import { chunks, packs } from 'virtual:words'
import { type Formats, formatsOf } from './formats.ts'
import type { Locale } from './languages.ts'
import type { Messages } from './messages.gen.ts'

type Namespace = keyof Messages

/** The words of a feature, in whatever language is loaded. */
export type Words<Name extends Namespace> = { readonly namespace: Name }
export type WordsIn<Name extends Namespace> = Messages[Name]

/** The packs that the loaded parts of the app need. */
const needed = new Set(['first'])
const loaded = new Map<string, Partial<Messages>>()

/**
 * Called where a module is loaded, and the module's screen is shown after `I18n.ready`: so a screen has its words, and no words are
 * loaded without their screen.
 */
export function wordsOf<Name extends Namespace>(namespace: Name): Words<Name> {
  needed.add(packOf(namespace))
  return { namespace }
}

/** Components use `I18n.of`; this is for functions that get the language as an argument. */
export function wordsIn<Name extends Namespace>(locale: Locale, { namespace }: Words<Name>): WordsIn<Name> {
  const found = loaded.get(`${locale}/${packOf(namespace)}`)?.[namespace]
  if (!found) throw new Error(`The words of ${namespace} are not loaded in ${locale}`)
  return found
}

/** Loads every word of this language that the loaded parts of the app need. */
export async function loadWords(locale: Locale): Promise<void> {
  await Promise.all(missingChunks(locale).map((chunk) => loadChunk(locale, chunk)))
}

export function areWordsLoaded(locale: Locale): boolean {
  return missingChunks(locale).length === 0
}

function missingChunks(locale: Locale): string[] {
  return [...needed].map((pack) => `${locale}/${pack}`).filter((chunk) => !loaded.has(chunk))
}

async function loadChunk(locale: Locale, chunk: string): Promise<void> {
  const { default: compiled } = await chunks[chunk]!()
  if (!loaded.has(chunk)) loaded.set(chunk, compiled(...formatsOf(locale)))
}

function packOf(namespace: Namespace): string {
  return packs[namespace]!
}

/** A chunk of messages, as `words/modules.ts` writes it. */
export type MessageChunk = { default: (...formats: Formats) => Partial<Messages> }
