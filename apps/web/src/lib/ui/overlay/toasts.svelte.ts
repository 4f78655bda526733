import { createContext } from 'svelte'

export type Toast = {
  id: number
  text: string
  tone: 'plain' | 'danger'
  action: { label: string; act: () => void } | null
  /** Until it is dismissed. */
  stays: boolean
}

const SHOWN_MS = 6000

/** Short messages at the bottom of the screen. A toast with an action stays twice as long. */
export class Toasts {
  list = $state<Toast[]>([])
  #last = 0
  #timers = new Map<number, ReturnType<typeof setTimeout>>()

  show(text: string, given: Partial<Pick<Toast, 'tone' | 'action' | 'stays'>> = {}) {
    const toast: Toast = { tone: 'plain', action: null, stays: false, ...given, id: ++this.#last, text }
    const same = this.list.find((each) => each.text === text)
    if (same) this.dismiss(same.id)
    this.list = [...this.list, toast].slice(-3)
    this.resume(toast.id)
  }

  dismiss(id: number) {
    this.hold(id)
    this.list = this.list.filter((each) => each.id !== id)
  }

  /** Stops the clock of a toast while the pointer or the focus is on it. */
  hold(id: number) {
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
  }

  resume(id: number) {
    this.hold(id)
    const toast = this.list.find((each) => each.id === id)
    if (toast && !toast.stays)
      this.#timers.set(
        id,
        setTimeout(() => this.dismiss(id), toast.action ? SHOWN_MS * 2 : SHOWN_MS),
      )
  }
}

export const [getToasts, setToasts] = createContext<Toasts>()
