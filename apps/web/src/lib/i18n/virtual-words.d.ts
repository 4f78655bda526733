/** Compiled from `messages` by `words/plugin.ts`. */
declare module 'virtual:words' {
  import type { MessageChunk } from './words.ts'

  /** Language to the name that it gives itself. */
  export const languages: Record<string, string>
  /** Namespace to pack. */
  export const packs: Record<string, string>
  /** "ru/first" to what loads it. */
  export const chunks: Record<string, () => Promise<MessageChunk>>
}
