/**
 * Calls `close` when the person goes back by the button or the gesture of Android, so that this closes what is open and does not leave
 * the page. Returns a function to be called when it is closed in another way. A `<dialog>` does the same by itself.
 */
export function closeOnBack(close: () => void): () => void {
  // Of the browsers on Android only Firefox has none.
  if (!('CloseWatcher' in globalThis)) return () => undefined
  const watcher = new CloseWatcher()
  watcher.onclose = close
  return () => watcher.destroy()
}
