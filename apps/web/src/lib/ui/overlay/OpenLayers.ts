import { createContext } from 'svelte'

/** Something that lies over the page: a dialog, a menu or a panel. */
type Layer = { readonly close: () => void }

/**
 * What lies over the page. Back, by the button or the gesture, closes the layer that was opened last; it leaves the page when none is
 * open. Where the browser has a `CloseWatcher` it does that by itself; elsewhere `LayerEntries` follows this list.
 */
export class OpenLayers {
  /** What was opened last stands last. Empty where the browser has a `CloseWatcher`. */
  readonly list: Layer[] = []
  onChange: () => void = () => undefined

  /** `close` is called when the person goes back. Returns a function to be called when the layer is closed in any way. */
  add(close: () => void): () => void {
    const { CloseWatcher } = globalThis as WithCloseWatcher
    if (!CloseWatcher) return this.#list(close)
    const watcher = new CloseWatcher()
    watcher.onclose = close
    return () => watcher.destroy()
  }

  /** Where the browser has a `CloseWatcher`, an open `<dialog>` has one of its own. */
  addDialog(close: () => void): () => void {
    return hasCloseWatcher() ? () => undefined : this.#list(close)
  }

  #list(close: () => void): () => void {
    const layer = { close }
    this.list.push(layer)
    this.onChange()
    return () => {
      const index = this.list.indexOf(layer)
      if (index < 0) return
      this.list.splice(index, 1)
      this.onChange()
    }
  }
}

export const [getOpenLayers, setOpenLayers] = createContext<OpenLayers>()

/** Chrome and what is built on it. Firefox and Safari have none. */
export function hasCloseWatcher(): boolean {
  return (globalThis as WithCloseWatcher).CloseWatcher !== undefined
}

/** TypeScript does not know it yet. */
type WithCloseWatcher = { CloseWatcher?: new () => { onclose: (() => void) | null; destroy(): void } }
