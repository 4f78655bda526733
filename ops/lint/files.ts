export const tests = ['**/*.test.ts', '**/test/**', 'e2e/**', 'ops/bench/**']
export const generated = ['**/*.gen.ts', 'packages/db/migrations/**']
