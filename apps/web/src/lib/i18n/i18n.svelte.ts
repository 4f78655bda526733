import { createContext } from 'svelte'
import { type Catalogue, isLocale, type Locale } from './catalogue.ts'

const KEY = 'veche.locale'

/** Which language is spoken. Order: what the account says, what was chosen on this device, what the browser prefers. */
export class I18n {
  locale = $state<Locale>(firstLocale())

  /** Reactive: `const t = $derived(i18n.of(words))`. */
  of<Words>(words: Catalogue<Words>): Words {
    return words[this.locale]
  }

  choose(locale: Locale) {
    this.locale = locale
    document.documentElement.lang = locale
    keep(locale)
  }
}

export const [getI18n, setI18n] = createContext<I18n>()

function firstLocale(): Locale {
  const kept = read()
  if (isLocale(kept)) return kept
  return /^ru/i.test(navigator.language) ? 'ru' : 'en'
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

function keep(locale: Locale) {
  try {
    localStorage.setItem(KEY, locale)
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}
