import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder that the account of Postgres can walk through, for as long as the test runs. */
export function newFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'veche-ops-'))
  chmodSync(folder, 0o711)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
