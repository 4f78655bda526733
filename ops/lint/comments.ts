import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const sources = ['*.{ts,js}', '{apps,packages,ops,e2e}/**/*.{ts,js,svelte}']
const exclude = ['**/node_modules/**', '**/build/**', '**/.svelte-kit/**', '**/*.gen.ts']
const disabling = /(?:ox|es)lint-(?:disable|enable)/

/** Comments that switch a lint rule off, one sentence each: ESLint ignores them all, and oxlint cannot be told to. */
export function disablingComments(checkout: string): string[] {
  return globSync(sources, { cwd: checkout, exclude }).flatMap((path) => {
    const lines = readFileSync(join(checkout, path), 'utf8').split('\n')
    return lines.flatMap((line, index) =>
      disabling.test(line) ? [`${path}:${index + 1} switches a lint rule off; rules hold without exception.`] : [],
    )
  })
}

if (import.meta.main) {
  const problems = disablingComments(process.cwd())
  for (const problem of problems) console.log(problem)
  process.exitCode = problems.length ? 1 : 0
}
