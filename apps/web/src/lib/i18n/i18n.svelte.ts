import { createContext } from 'svelte'
import { readStored, writeStored } from '../browser/storage.ts'
import { type Catalogue, isLocale, type Locale } from './catalogue.ts'
import { watchMidnight } from './midnight.ts'

const KEY = 'veche.locale'

/** The language of the app: that of the account, or else the choice of this device, or else the preference of the browser. */
export class I18n {
  locale = $state<Locale>(firstLocale())
  #midnights = $state(0)

  /** Now, for words such as "yesterday". Reactive: what reads it is written anew after midnight. */
  get now(): Date {
    void this.#midnights
    return new Date()
  }

  /** Follows midnight. Returns a function that stops it. */
  start(): () => void {
    return watchMidnight(() => (this.#midnights += 1))
  }

  /** Reactive: `const t = $derived(i18n.of(words))`. */
  of<Words>(words: Catalogue<Words>): Words {
    return words[this.locale]
  }

  choose(locale: Locale) {
    this.locale = locale
    document.documentElement.lang = locale
    writeStored(KEY, locale)
  }
}

export const [getI18n, setI18n] = createContext<I18n>()

function firstLocale(): Locale {
  const stored = readStored(KEY)
  if (isLocale(stored)) return stored
  return /^ru/i.test(navigator.language) ? 'ru' : 'en'
}
