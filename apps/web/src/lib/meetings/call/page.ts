import type { Environment } from '#lib/live/environment.ts'

type Told = {
  /** Closed, reloaded, or put aside; it may be back. */
  goes(): void
  /** It was put aside and is taken out again. */
  isBack(): void
  /** Now and then while it lives: a page that crashes says nothing. */
  goesOn(): void
}

const PULSE_MS = 60_000

/** Tells what becomes of the page. Answers how to stop. */
export function watchPage(environment: Environment, { goes, isBack, goesOn }: Told): () => void {
  const over = new AbortController()
  const { signal } = over
  addEventListener('pagehide', goes, { signal })
  addEventListener('pageshow', ({ persisted }) => persisted && isBack(), { signal })
  let cancel = () => undefined as void
  const beat = () => {
    cancel = environment.after(PULSE_MS, () => {
      goesOn()
      beat()
    })
  }
  beat()
  return () => {
    over.abort()
    cancel()
  }
}
