const cleanups: (() => unknown)[] = []

/** Closes after the test file what a test or a hook has opened. Vitest never calls an `afterAll` that is registered in there. */
export function afterFile(cleanup: () => unknown): void {
  cleanups.push(cleanup)
}

/** What was opened last is closed first. */
export async function cleanUpFile(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
}
