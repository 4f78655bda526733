/**
 * Calls `close` when the person goes back by the button or the gesture of Android, so that this closes what is open and does not leave
 * the page. Returns a function to be called when it is closed in another way. A `<dialog>` does the same by itself.
 */
export function closeOnBack(close: () => void): () => void {
  const { CloseWatcher } = globalThis as WithCloseWatcher
  // Of the browsers on Android only Firefox has none.
  if (!CloseWatcher) return () => undefined
  const watcher = new CloseWatcher()
  watcher.onclose = close
  return () => watcher.destroy()
}

/** TypeScript does not know it yet. */
type WithCloseWatcher = { CloseWatcher?: new () => { onclose: (() => void) | null; destroy(): void } }
