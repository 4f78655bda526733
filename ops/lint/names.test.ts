import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { newFolder } from '../test/folder.ts'
import { exportedNames, namingProblems, tableProblems } from './names.ts'

/** A checkout with these files. */
function checkoutWith(files: Record<string, string>): string {
  const root = newFolder()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

test('a checkout with unique and plain names has no naming problem', () => {
  const root = checkoutWith({
    'apps/api/src/chats/access.ts': 'export function openChat() {}\n',
    'apps/sfu/src/room/Room.ts': 'export function openChat() {}\n',
    'apps/web/src/routes/a/+page.ts': 'export const ssr = false\n',
    'apps/web/src/routes/b/+page.ts': 'export const ssr = false\n',
  })
  expect(namingProblems(root)).toEqual([])
})

test('all forms of an exported name are found, and a name that is only passed on is not', () => {
  const text = [
    'export async function one() {}',
    'export class Two {}',
    'export type Two = string',
    'export type {\n  Eight,\n} from "../eight.ts"',
    'export const [getThree, setThree] = createContext()',
    'const four = 4',
    'export { four as fourth, type Fifth }',
    "export { six } from './six.ts'",
  ].join('\n')
  expect(exportedNames(text)).toEqual(['one', 'Two', 'getThree', 'setThree', 'fourth', 'Fifth'])
})

test('a name that two files of one app export is a problem', () => {
  const root = checkoutWith({
    'apps/api/src/a.ts': 'export const one = 1\n',
    'apps/api/src/b.ts': 'export type one = 1\n',
  })
  expect(namingProblems(root)).toEqual([
    expect.stringContaining('apps/api exports the name one 2 times: apps/api/src/a.ts, apps/api/src/b.ts'),
  ])
})

test('two components with the same name in one app are a problem', () => {
  const root = checkoutWith({ 'apps/web/src/lib/a/List.svelte': '', 'apps/web/src/lib/b/List.svelte': '' })
  expect(namingProblems(root)).toEqual([expect.stringContaining('exports the name List 2 times')])
})

test('a folder with more than fifteen sources is a problem', () => {
  const files = Array.from({ length: 16 }, (_, index) => [`apps/sfu/src/room/file-${index}.ts`, ''])
  const root = checkoutWith(Object.fromEntries(files) as Record<string, string>)
  expect(namingProblems(root)).toEqual([expect.stringContaining('apps/sfu/src/room holds 16 sources')])
})

test('a banned word in a file, an export or a table is a problem', () => {
  const root = checkoutWith({
    'apps/web/src/lib/live/socket-door.ts': 'export const mainHouse = 1\nexport const placement = 2\n',
    'packages/db/migrations/0001_initial.ts': 'export const up = `create table dialogs (id uuid)`\n',
  })
  expect([...namingProblems(root), ...tableProblems(root)]).toEqual([
    expect.stringContaining('socket-door.ts says "door"'),
    expect.stringContaining('mainHouse of apps/web/src/lib/live/socket-door.ts says "house"'),
    expect.stringContaining('The table dialogs (packages/db/migrations/0001_initial.ts) says "dialogs"'),
  ])
})
