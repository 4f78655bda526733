import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import { fences } from './ops/lint/fences.ts'
import { generated, tests } from './ops/lint/files.ts'
import rules from './ops/lint/rules.ts'

// TypeScript is left to oxlint (oxlint.config.ts), but where the rules of Svelte hold.
export default defineConfig(
  globalIgnores([
    '**/node_modules/',
    '**/build/',
    '**/.svelte-kit/',
    '**/coverage/',
    '.veche/',
    '**/test-results/',
    '**/*.ts',
    '!**/*.svelte.ts',
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
  { plugins: { veche: rules } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
    rules: {
      'svelte/no-at-html-tags': 'error',
      'prefer-const': 'off',
      'no-undef': 'off',
      'no-control-regex': 'off',
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
  // The app lives at the root of its address: a path is a path.
  { rules: { 'svelte/no-navigation-without-resolve': 'off' } },
  // A class keeps plain maps and sets for what is not shown.
  { files: ['**/*.svelte.ts'], rules: { 'svelte/prefer-svelte-reactivity': 'off' } },
  { files: generated, rules: { 'max-lines': 'off' } },
  { files: tests, rules: { 'max-lines': ['error', 600] } },
  ...fences(),
)
