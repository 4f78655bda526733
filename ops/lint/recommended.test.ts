import js from '@eslint/js'
import ts from 'typescript-eslint'
import { expect, test } from 'vitest'
import { recommended } from './recommended.ts'

test('oxlint holds TypeScript to every rule that ESLint and typescript-eslint recommend for it', () => {
  const rules = Object.assign({}, js.configs.recommended.rules, ...ts.configs.recommended.map((one) => one.rules ?? {}))
  const active = Object.keys(rules).filter((name) => rules[name] !== 'off')
  const named = active.map((name) => name.replace('@typescript-eslint/', 'typescript/'))
  const inCore = ['no-array-constructor', 'no-unused-expressions', 'no-unused-vars']
  const expected = named.map((name) => inCore.find((core) => name === `typescript/${core}`) ?? name)
  // The first is a syntax error in a module; the second is off everywhere.
  const left = ['no-octal', 'no-control-regex']
  expect([...recommended].sort()).toEqual(expected.filter((name) => !left.includes(name)).sort())
})
