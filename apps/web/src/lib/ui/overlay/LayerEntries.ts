import { layerDepth, stateWithLayers, TRAVERSAL_TIMEOUT_MS } from './layer-depth.ts'
import type { OpenLayers } from './OpenLayers.ts'

/** What it needs of the page. */
type LayerEntriesDeps = {
  layers: OpenLayers
  history: Pick<History, 'state' | 'pushState' | 'go'>
  goto: (target: URL) => Promise<void>
  /** Resolves when the page shows what has changed. */
  shown: () => Promise<void>
  /** Returns a function that cancels it. */
  after: (ms: number, run: () => void) => () => void
}

/** The part of Kit's `BeforeNavigate` that is used. */
type StartedNavigation = {
  type: string
  willUnload: boolean
  to: { url: URL } | null
  complete: Promise<void>
  cancel: () => void
}

/**
 * Gives each open layer an entry in the history of the browser, so that Back closes the layer and does not leave the page. The entry
 * is taken back when the layer is closed otherwise, and before another page is opened, so none is left behind.
 *
 * An entry is a copy of that of its page, with the number of layers added. Kit takes both for the same place, and does nothing.
 */
export class LayerEntries {
  readonly #deps: LayerEntriesDeps
  #isSettling = false
  #isNavigating = false
  /** Set while the browser goes back because of us. */
  #cancelTimeout: (() => void) | null = null
  /** The page that is opened once the entries are taken back. */
  #target: URL | null = null
  #opensTarget = false

  constructor(deps: LayerEntriesDeps) {
    this.#deps = deps
    deps.layers.onChange = () => void this.#settleLater()
    // Layers may have been opened before this was loaded.
    void this.#settleLater()
  }

  /** To be called at each `popstate`. */
  traversed(): void {
    const isOurs = this.#cancelTimeout !== null
    this.#endTraversal()
    if (!isOurs) for (const { close } of this.#deps.layers.list.slice(this.#depth).reverse()) close()
    void this.#settleLater()
  }

  /** To be called before each navigation of Kit. */
  beforeNavigate(navigation: StartedNavigation): void {
    const { type, willUnload, to, complete } = navigation
    if (willUnload || !to) return
    if (type !== 'popstate' && !this.#opensTarget && (this.#depth > 0 || this.#cancelTimeout)) {
      navigation.cancel()
      this.#target = to.url
      void this.#settleLater()
      return
    }
    this.#isNavigating = true
    const end = () => {
      this.#isNavigating = false
      void this.#settleLater()
    }
    complete.then(end, end)
  }

  /** How many layers the current entry of the history stands for. */
  get #depth(): number {
    return layerDepth(this.#deps.history)
  }

  /** Waits for what the page does at the same time: a menu closes and its choice opens a dialog. */
  async #settleLater(): Promise<void> {
    if (this.#isSettling) return
    this.#isSettling = true
    await this.#deps.shown()
    this.#isSettling = false
    if (!this.#cancelTimeout && !this.#isNavigating && !this.#opensTarget) this.#settle()
  }

  /** Makes the entries agree with the layers. */
  #settle(): void {
    const { history, layers } = this.#deps
    const wanted = this.#target ? 0 : layers.list.length
    if (this.#depth > wanted) return this.#goBack(this.#depth - wanted)
    if (this.#target) return void this.#openTarget(this.#target)
    for (let depth = this.#depth + 1; depth <= wanted; depth++) history.pushState(stateWithLayers(history, depth), '')
  }

  #goBack(entries: number): void {
    this.#cancelTimeout = this.#deps.after(TRAVERSAL_TIMEOUT_MS, () => {
      this.#endTraversal()
      if (this.#target) void this.#openTarget(this.#target)
    })
    this.#deps.history.go(-entries)
  }

  async #openTarget(target: URL): Promise<void> {
    this.#target = null
    this.#opensTarget = true
    await this.#deps.goto(target).catch(() => undefined)
    this.#opensTarget = false
    void this.#settleLater()
  }

  #endTraversal(): void {
    this.#cancelTimeout?.()
    this.#cancelTimeout = null
  }
}
