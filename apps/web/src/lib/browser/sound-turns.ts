const NAME = 'veche-sound'

/** Tells everything else in this tab that sounds or records to pause: a call, a player or a recording begins. */
export function beginSound(owner: unknown): void {
  document.dispatchEvent(new CustomEvent(NAME, { detail: owner }))
}

/** Runs when something else begins. Returns a function that unsubscribes. */
export function onOtherSound(owner: unknown, pause: () => void): () => void {
  const listener = (event: Event) => {
    if ((event as CustomEvent<unknown>).detail !== owner) pause()
  }
  document.addEventListener(NAME, listener)
  return () => document.removeEventListener(NAME, listener)
}
