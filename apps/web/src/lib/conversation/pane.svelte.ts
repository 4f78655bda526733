const KEY = 'veche.details'
const WIDE = '(min-width: 1280px)'

/** Where there is room the details stand beside the conversation, and stay as they were left; elsewhere they come over it. */
export class DetailsPane {
  readonly #query = matchMedia(WIDE)
  wide = $state(this.#query.matches)
  #beside = $state(kept())
  #over = $state(false)

  readonly shown = $derived(this.wide ? this.#beside : this.#over)

  /** Answers how to stop. */
  watch(): () => void {
    const follow = () => {
      this.wide = this.#query.matches
      this.#over = false
    }
    this.#query.addEventListener('change', follow)
    return () => this.#query.removeEventListener('change', follow)
  }

  toggle() {
    if (!this.wide) this.#over = !this.#over
    else {
      this.#beside = !this.#beside
      keep(this.#beside)
    }
  }

  close() {
    if (this.shown) this.toggle()
  }
}

function kept(): boolean {
  try {
    return localStorage.getItem(KEY) !== 'closed'
  } catch {
    return true
  }
}

function keep(shown: boolean) {
  try {
    localStorage.setItem(KEY, shown ? 'open' : 'closed')
  } catch {
    // Without room it opens again next time.
  }
}
