import { createContext } from 'svelte'

export type ThemeChoice = 'system' | 'light' | 'dark'
export type ContrastChoice = 'system' | 'more'

/** Theme and contrast as chosen, else as the system has them. The first paint is done by the script in app.html. */
export class Theme {
  theme = $state<ThemeChoice>(kept('theme', ['light', 'dark', 'system'], 'system'))
  contrast = $state<ContrastChoice>(kept('contrast', ['more', 'system'], 'system'))
  #systemDark = $state(false)
  #systemMore = $state(false)

  readonly dark = $derived(this.theme === 'dark' || (this.theme === 'system' && this.#systemDark))
  readonly more = $derived(this.contrast === 'more' || this.#systemMore)

  constructor() {
    follow('(prefers-color-scheme: dark)', (matches) => (this.#systemDark = matches))
    follow('(prefers-contrast: more)', (matches) => (this.#systemMore = matches))
  }

  choose(choice: { theme?: ThemeChoice; contrast?: ContrastChoice }) {
    this.theme = choice.theme ?? this.theme
    this.contrast = choice.contrast ?? this.contrast
    keep('theme', this.theme)
    keep('contrast', this.contrast)
  }

  /** Puts it on the page; called in an effect. */
  show() {
    const root = document.documentElement
    root.dataset['theme'] = this.dark ? 'dark' : 'light'
    root.dataset['contrast'] = this.more ? 'more' : 'normal'
    const surface = getComputedStyle(root).getPropertyValue('--surface').trim()
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', surface)
  }
}

export const [getTheme, setTheme] = createContext<Theme>()

function follow(query: string, tell: (matches: boolean) => void) {
  const list = matchMedia(query)
  tell(list.matches)
  list.addEventListener('change', () => tell(list.matches))
}

function kept<T extends string>(key: string, allowed: readonly T[], otherwise: T): T {
  try {
    const value = localStorage.getItem(`veche.${key}`)
    return allowed.find((each) => each === value) ?? otherwise
  } catch {
    return otherwise
  }
}

function keep(key: string, value: string) {
  try {
    localStorage.setItem(`veche.${key}`, value)
  } catch {
    // A browser that keeps nothing follows the system next time.
  }
}
