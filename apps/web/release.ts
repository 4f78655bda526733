import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const sources = [
  'src/**/*.*',
  'messages/*.json',
  'words/*.ts',
  'icons/*.ts',
  'static/**/*.*',
  '*.{ts,json}',
  '../../packages/shared/src/**/*.ts',
  '../../pnpm-lock.yaml',
]

/** A name made from the sources: the same sources give the same release, so nobody is asked to update to it. */
export function release(): string {
  const hash = createHash('sha256')
  const files = globSync(sources, { cwd: here, exclude: ['**/*.test.ts', '**/test/**'] })
  for (const file of files.sort()) hash.update(file).update(readFileSync(here + file))
  return hash.digest('hex').slice(0, 12)
}
