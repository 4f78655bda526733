import { readStored, writeStored } from '#lib/browser/storage.ts'

const STORAGE_KEY = 'veche.details'
const WIDE = '(min-width: 1280px)'

/** A wide window shows the details beside the conversation and remembers whether they are open; a narrow one shows them in a dialog. */
export class DetailsPaneState {
  readonly #query = matchMedia(WIDE)
  wide = $state(this.#query.matches)
  #beside = $state(readStored(STORAGE_KEY) !== 'closed')
  #inDialog = $state(false)

  readonly shown = $derived(this.wide ? this.#beside : this.#inDialog)

  /** Follows the width of the window. Returns a function that stops it. */
  watch(): () => void {
    const follow = () => {
      this.wide = this.#query.matches
      this.#inDialog = false
    }
    this.#query.addEventListener('change', follow)
    return () => this.#query.removeEventListener('change', follow)
  }

  toggle() {
    if (!this.wide) this.#inDialog = !this.#inDialog
    else {
      this.#beside = !this.#beside
      writeStored(STORAGE_KEY, this.#beside ? 'open' : 'closed')
    }
  }

  close() {
    if (this.shown) this.toggle()
  }
}
