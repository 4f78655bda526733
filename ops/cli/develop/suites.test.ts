import { existsSync } from 'node:fs'
import { join, matchesGlob } from 'node:path'
import { expect, test } from 'vitest'
import { repeatedWalks } from '../../../e2e/repeated-walks.ts'
import { checkout } from '../env.ts'
import { includesCheck, otherBrowsers, type SuiteChoice, suitesOf, testFileArguments } from './suites.ts'
import { run } from './test.ts'

const choice = (given: Partial<SuiteChoice>): SuiteChoice => ({
  filters: [],
  long: false,
  browser: undefined,
  ...given,
})
const names = (given: Partial<SuiteChoice>) => suitesOf(choice(given)).map(({ name }) => name)

test('the tests run without other browsers, and with --long both repeat walks after everything else', () => {
  expect(names({})).toEqual(['tests', 'web', 'e2e'])
  expect(names({ long: true })).toEqual(['tests', 'web', 'long', 'e2e', 'e2e-firefox', 'e2e-webkit'])
  expect(includesCheck(choice({ long: true }))).toBe(true)
  expect(includesCheck(choice({ filters: ['messages'] }))).toBe(false)
})

test('--browser runs the walks of that browser and nothing else, those of a filter alone, and with --long no others', () => {
  for (const long of [false, true])
    for (const [browser, title] of Object.entries(otherBrowsers)) {
      const [suite, ...rest] = suitesOf(choice({ browser, long, filters: ['e2e/chat'] }))
      expect(rest).toEqual([])
      expect(suite).toMatchObject({ title: `end-to-end tests in ${title}`, browser, filters: ['e2e/chat'] })
      expect(suite?.projects).toEqual(['--project', '@veche/e2e'])
      expect(includesCheck(choice({ browser, long }))).toBe(false)
    }
})

test('a browser that repeats nothing is refused before anything is installed, with those that do', async () => {
  for (const browser of ['opera', 'toString', ''])
    await expect(run(['--browser', browser])).rejects.toThrow(
      `There is no browser "${browser}": it is firefox or webkit.`,
    )
})

test('a walk that another browser repeats exists, and stands in its list once', () => {
  expect(Object.keys(repeatedWalks)).toEqual(Object.keys(otherBrowsers))
  for (const walks of Object.values(repeatedWalks)) {
    expect(walks.filter((name) => !existsSync(join(checkout, `e2e/${name}.test.ts`)))).toEqual([])
    expect(walks).toHaveLength(new Set(walks).size)
  }
})

test('tests that take long run after the others of their kind, one after the other, and every test runs once', () => {
  const files = (given: Partial<SuiteChoice>) => suitesOf(choice(given)).map(({ name, files: which }) => [name, which])
  expect(files({})).toEqual(['tests', 'web', 'e2e'].map((name) => [name, 'usual']))
  expect(Object.fromEntries(files({ long: true }))).toMatchObject({ tests: 'usual', long: 'long', e2e: 'all' })
  expect(testFileArguments.long).toContain('--no-file-parallelism')
  const [, leftOut] = testFileArguments.long
  expect(matchesGlob('ops/bench/chaos.test.ts', leftOut!)).toBe(true)
  expect(matchesGlob('ops/bench/chaos.long.test.ts', leftOut!)).toBe(false)
})

test('a filter of a folder is none inside it, and one that names it is cut', () => {
  const [, web] = suitesOf(choice({ filters: ['apps/web', 'apps/web/src/lib/chats', 'messages'] }))
  expect(web).toMatchObject({ folder: 'apps/web', filters: ['', 'src/lib/chats', 'messages'] })
})
