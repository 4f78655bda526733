import { createContext } from 'svelte'
import { writeStored } from '../browser/storage.ts'
import { firstLocale, type Locale, LOCALE_KEY, nearestLocale } from './languages.ts'
import type { Messages } from './messages.gen.ts'
import { watchMidnight } from './midnight.ts'
import { areWordsLoaded, loadWords, type Words, wordsIn, type WordsIn } from './words.ts'

const RETRY_AFTER_MS = 3000

/** The language of the app: that of the account, or else the choice of this device, or else the preference of the browser. */
export class I18n {
  locale = $state<Locale>(firstLocale())
  /** Whether the first screen has its words. */
  isReady = $state(false)
  #wanted = this.locale
  #midnights = $state(0)

  /** Now, for words such as "yesterday". Reactive: what reads it is written anew after midnight. */
  get now(): Date {
    void this.#midnights
    return new Date()
  }

  /** Loads the words of the first screen, and follows midnight. Returns a function that stops it. */
  start(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined
    const load = () => {
      this.ready().catch(() => (timer = setTimeout(load, RETRY_AFTER_MS)))
    }
    load()
    const stop = watchMidnight(() => (this.#midnights += 1))
    return () => {
      clearTimeout(timer)
      stop()
    }
  }

  /** Reactive: `const t = $derived(i18n.of(words))`. */
  of<Name extends keyof Messages>(words: Words<Name>): WordsIn<Name> {
    return wordsIn(this.locale, words)
  }

  /** Loads what the loaded parts of the app need in the wanted language, and switches to it. */
  async ready(): Promise<void> {
    do await loadWords(this.#wanted)
    while (!areWordsLoaded(this.#wanted))
    this.locale = this.#wanted
    this.isReady = true
  }

  /** A part of the app that is loaded later, with its words. */
  async withWords<Part>(part: Promise<Part>): Promise<Part> {
    const loaded = await part
    await this.ready()
    return loaded
  }

  /** The language changes once its words are loaded, and stays as it is if they cannot be. */
  async choose(locale: string): Promise<void> {
    this.#wanted = nearestLocale(locale)
    writeStored(LOCALE_KEY, this.#wanted)
    await this.ready().catch(() => (this.#wanted = this.locale))
  }
}

export const [getI18n, setI18n] = createContext<I18n>()
