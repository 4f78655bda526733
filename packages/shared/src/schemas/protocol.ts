import { z } from 'zod'

/** Absent: the first version. */
export const protocolVersion = z.int().min(0).default(1)

/** A list of words, without those of a newer release. */
export function knownWords<const Word extends string>(words: readonly Word[]): z.ZodType<Word[], readonly string[]> {
  const isKnown = (word: string): word is Word => words.some((known) => known === word)
  return z
    .array(z.string().max(64))
    .max(100)
    .transform((all) => all.filter(isKnown))
}

/** A list without the entries whose `key` is a word of a newer release. */
export function knownEntries<Entry extends z.ZodType, List extends z.ZodArray<Entry>>(
  list: List,
  key: string,
  words: readonly string[],
): z.ZodType<z.output<List>, z.input<List>> {
  const isKnown = (entry: unknown) => {
    const word: unknown = typeof entry === 'object' && entry !== null ? Reflect.get(entry, key) : undefined
    return typeof word !== 'string' || words.includes(word)
  }
  const filtered = z.preprocess((all: unknown) => (Array.isArray(all) ? all.filter(isKnown) : all), list)
  return filtered as unknown as z.ZodType<z.output<List>, z.input<List>>
}
