/** A browser may refuse its storage, because it is full or because it is forbidden. Then nothing was stored, and nothing is. */
export function readStored(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

export function writeStored(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // What is stored here are choices: without them the app begins with its defaults the next time.
  }
}
