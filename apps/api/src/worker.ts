import type { Deps } from './deps.ts'

export function startWorker(_deps: Deps): () => Promise<void> {
  return async () => undefined
}
