/** Within these events a browser lets a page play sound: a press of a finger counts only when it ends, that of a mouse at once. */
const GESTURES = ['pointerdown', 'pointerup', 'click', 'keydown']

/** Runs it with each click, touch or key, whatever element handles it. Returns a function that unsubscribes. */
export function onUserGesture(run: () => void): () => void {
  const stopped = new AbortController()
  for (const name of GESTURES) addEventListener(name, () => run(), { signal: stopped.signal, capture: true })
  return () => stopped.abort()
}
