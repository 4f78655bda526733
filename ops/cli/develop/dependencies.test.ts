import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mediaToolPackages, otherBrowserPackages, testServerPackages } from '../machine/system-packages.ts'

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

test('every dependency of the catalog is named in docs/dependencies.md, and none that is gone', () => {
  const catalog = /^catalog:\n((?: {2}.+\n)+)/m.exec(read('pnpm-workspace.yaml'))?.[1] ?? ''
  const chosen = [...catalog.matchAll(/^ {2}'?([^':]+)'?:/gm)].map(([, name]) => name)
  const rows = read('docs/dependencies.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name))
  expect(chosen.length).toBeGreaterThan(30)
  expect(named.sort()).toEqual(chosen.sort())
})

test('each package of the distribution that the tests install is named in docs/dependencies.md and in the command of ops/README.md', () => {
  const tools = [mediaToolPackages, otherBrowserPackages, testServerPackages].flatMap((packages) =>
    Object.keys(packages),
  )
  const installed = ['chromium', 'redis-server', 'coturn', ...tools].sort()
  const command = /`apt-get install --no-install-recommends (.+)`/.exec(read('ops/README.md'))?.[1] ?? ''
  expect(command.split(' ').sort()).toEqual(installed)
  const named = read('docs/dependencies.md')
  expect(installed.filter((name) => !named.includes(`\`${name}\``))).toEqual([])
})
