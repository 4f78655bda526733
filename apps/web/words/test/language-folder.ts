import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder of languages for one test: file name to texts, or to the raw content of the file. */
export function languageFolder(files: Record<string, object | string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'veche-messages-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [file, content] of Object.entries(files))
    writeFileSync(join(folder, file), typeof content === 'string' ? content : JSON.stringify(content))
  return folder
}
