import { join } from 'node:path'
import { defineConfig } from 'oxlint'
import { fences } from './ops/lint/fences.ts'
import { generated, tests } from './ops/lint/files.ts'
import { recommended } from './ops/lint/recommended.ts'

/** Everything for TypeScript, with the type check; components and JavaScript are left to ESLint (eslint.config.js). */
export default defineConfig({
  plugins: ['typescript'],
  jsPlugins: [join(import.meta.dirname, 'ops/lint/rules.ts')],
  categories: { correctness: 'off' },
  options: { respectEslintDisableDirectives: false },
  ignorePatterns: ['**/*.js', '**/*.svelte', '**/build/', '**/.svelte-kit/', '**/test-results/'],
  rules: {
    ...Object.fromEntries(recommended.map((rule) => [rule, 'error'])),
    'max-lines': ['error', 400],
    'max-lines-per-function': ['error', { max: 40, skipComments: true }],
    'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' }],
    'typescript/ban-ts-comment': ['error', { 'ts-expect-error': true }],
    'typescript/consistent-type-imports': [
      'error',
      { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
    ],
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': ['error', { checksVoidReturn: { attributes: false, arguments: false } }],
    'typescript/await-thenable': 'error',
    'typescript/only-throw-error': ['error', { allowThrowingUnknown: true }],
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  },
  overrides: [
    { files: ['**/*.svelte.ts'], rules: { 'prefer-const': 'off' } },
    { files: generated, rules: { 'max-lines': 'off', 'max-lines-per-function': 'off' } },
    { files: tests, rules: { 'max-lines': ['error', 600], 'max-lines-per-function': 'off' } },
    ...fences(),
  ],
})
