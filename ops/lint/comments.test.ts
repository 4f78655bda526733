import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { newFolder } from '../test/folder.ts'
import { disablingComments } from './comments.ts'

test('a comment that switches a lint rule off is a problem, in every kind of source', () => {
  const root = newFolder()
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const disable = (linter: string) => `${linter}-disable`
  write('apps/api/src/a.ts', `const one = 1\n// ${disable('oxlint')}-next-line no-var\nvar two = 2\n`)
  write('packages/db/src/b.ts', `/* ${disable('eslint')} */\n`)
  write('apps/web/src/C.svelte', `<!-- ${disable('eslint')} -->\n`)
  write('vitest.config.ts', `export default 1 // ${disable('oxlint')}-line\n`)
  write('e2e/plain.ts', '// A plain comment.\n')
  expect(
    disablingComments(root)
      .map((problem) => problem.split(' ')[0]!)
      .sort(),
  ).toEqual(['apps/api/src/a.ts:2', 'apps/web/src/C.svelte:1', 'packages/db/src/b.ts:1', 'vitest.config.ts:1'])
})
