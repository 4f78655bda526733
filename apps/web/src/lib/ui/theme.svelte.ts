import { createContext } from 'svelte'
import { readStored, writeStored } from '#lib/browser/storage.ts'

export type ThemeChoice = 'system' | 'light' | 'dark'
export type ContrastChoice = 'system' | 'more'

/** Theme and contrast as the person chose them, else as the system has them. The script in app.html sets them before the first paint. */
export class Theme {
  theme = $state<ThemeChoice>(readChoice('theme', ['light', 'dark', 'system'], 'system'))
  contrast = $state<ContrastChoice>(readChoice('contrast', ['more', 'system'], 'system'))
  #systemDark = $state(false)
  #systemMore = $state(false)

  readonly dark = $derived(this.theme === 'dark' || (this.theme === 'system' && this.#systemDark))
  readonly highContrast = $derived(this.contrast === 'more' || this.#systemMore)

  constructor() {
    watchMedia('(prefers-color-scheme: dark)', (matches) => (this.#systemDark = matches))
    watchMedia('(prefers-contrast: more)', (matches) => (this.#systemMore = matches))
  }

  choose(choice: { theme?: ThemeChoice; contrast?: ContrastChoice }) {
    this.theme = choice.theme ?? this.theme
    this.contrast = choice.contrast ?? this.contrast
    writeStored('veche.theme', this.theme)
    writeStored('veche.contrast', this.contrast)
  }

  /** Writes both to the page. Called in an effect. */
  show() {
    const root = document.documentElement
    root.dataset['theme'] = this.dark ? 'dark' : 'light'
    root.dataset['contrast'] = this.highContrast ? 'more' : 'normal'
    const surface = getComputedStyle(root).getPropertyValue('--surface').trim()
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', surface)
  }
}

export const [getTheme, setTheme] = createContext<Theme>()

function watchMedia(query: string, tell: (matches: boolean) => void) {
  const list = matchMedia(query)
  tell(list.matches)
  list.addEventListener('change', () => tell(list.matches))
}

function readChoice<T extends string>(key: string, allowed: readonly T[], otherwise: T): T {
  const value = readStored(`veche.${key}`)
  return allowed.find((each) => each === value) ?? otherwise
}
