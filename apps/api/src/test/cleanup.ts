const endings: (() => unknown)[] = []

/** What is opened in a test or a hook is closed after the file. Vitest never calls an `afterAll` that is named in there. */
export function afterFile(end: () => unknown): void {
  endings.push(end)
}

/** The last that was opened is closed first. */
export async function cleanUpFile(): Promise<void> {
  for (const end of endings.splice(0).reverse()) await end()
}
