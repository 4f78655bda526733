import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import { fences } from './ops/lint/fences.ts'

const tests = ['**/*.test.ts', '**/test/**', 'e2e/**', 'ops/bench/**']
const generated = [
  '**/*.gen.ts',
  'packages/db/migrations/**',
  '**/i18n/messages/**',
  '**/i18n/{ru,en}.ts',
  '**/i18n/**/{ru,en}.ts',
]

const environment = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Settings are read in env.ts only.',
}
const chats = {
  selector: "CallExpression[callee.property.name='selectFrom'][arguments.0.value=/^chats( as |$)/]",
  message: 'A chat is loaded and its right checked by openChat.',
}
const meetings = {
  selector: "CallExpression[callee.property.name='selectFrom'][arguments.0.value=/^meetings( as |$)/]",
  message: 'A meeting is loaded and its right checked by openMeeting.',
}

// The rules that need types run in oxlint (.oxlintrc.json), which shares its work with the type check.
export default defineConfig(
  globalIgnores([
    '**/node_modules/',
    '**/build/',
    '**/.svelte-kit/',
    '**/coverage/',
    '.veche/',
    '**/*.gen.ts',
    '**/test-results/',
  ]),
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.nodeBuiltin, ...globals.browser },
      parserOptions: { extraFileExtensions: ['.svelte'] },
    },
  },
  { files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: ts.parser } } },
  {
    files: ['**/*.ts', '**/*.svelte'],
    rules: {
      'no-undef': 'off',
      'no-control-regex': 'off',
      'no-restricted-syntax': ['error', environment, chats, meetings],
      'max-lines': ['error', 400],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': true }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    rules: {
      'svelte/no-at-html-tags': 'error',
      'prefer-const': 'off',
    },
  },
  // The app lives at the root of its address: a path is a path.
  { rules: { 'svelte/no-navigation-without-resolve': 'off' } },
  // A class keeps plain maps and sets for what is not shown.
  { files: ['**/*.svelte.ts'], rules: { 'svelte/prefer-svelte-reactivity': 'off' } },
  {
    files: ['**/*.ts'],
    ignores: tests,
    rules: { 'max-lines-per-function': ['error', { max: 40, skipComments: true }] },
  },
  { files: generated, rules: { 'max-lines': 'off', 'max-lines-per-function': 'off' } },
  {
    files: ['**/env.ts', 'ops/**', '**/*.config.ts', 'packages/db/src/{migrate,generate,upgrade}.ts'],
    rules: { 'no-restricted-syntax': ['error', chats, meetings] },
  },
  { files: ['apps/api/src/{chats,sync}/**'], rules: { 'no-restricted-syntax': ['error', environment, meetings] } },
  { files: ['apps/api/src/meetings/**'], rules: { 'no-restricted-syntax': ['error', environment, chats] } },
  { files: tests, rules: { 'max-lines': ['error', 600], 'no-restricted-syntax': 'off' } },
  ...fences(),
)
