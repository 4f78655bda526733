import type { Rule } from 'eslint'

export type Pattern = { regex: string; message: string; allowTypeImports?: boolean }
type Import = { source?: { value?: unknown } | null; importKind?: string; exportKind?: string; specifiers?: Import[] }
export type OwnedTable = { table: string; message: string }

/** What is fetched later by `import()` keeps to the same fences, and is never a type. */
const noRestrictedImports: Rule.RuleModule = {
  meta: { type: 'problem', schema: { type: 'array' } },
  create(context) {
    const patterns = (context.options as Pattern[]).map((one) => ({ ...one, regex: new RegExp(one.regex, 'iu') }))
    const check = (node: Rule.Node) => {
      const path = (node as Import).source?.value
      if (typeof path !== 'string') return
      const typesOnly = importsTypesOnly(node as Import)
      for (const { regex, message, allowTypeImports } of patterns) {
        if (regex.test(path) && !(allowTypeImports && typesOnly)) context.report({ node, message })
      }
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    }
  },
}

function importsTypesOnly({ importKind, exportKind, specifiers = [] }: Import): boolean {
  if (importKind === 'type' || exportKind === 'type') return true
  return specifiers.length > 0 && specifiers.every((one) => one.importKind === 'type' || one.exportKind === 'type')
}

const noEnvironment: Rule.RuleModule = {
  meta: { type: 'problem', schema: [] },
  create: (context) => ({
    "MemberExpression[object.name='process'][property.name='env']"(node: Rule.Node) {
      context.report({ node, message: 'Settings are read in env.ts only.' })
    },
  }),
}

/** A table that is read in its own folder only, where its access function checks the right. */
const noRestrictedTables: Rule.RuleModule = {
  meta: { type: 'problem', schema: { type: 'array' } },
  create: (context) => ({
    "CallExpression[callee.property.name='selectFrom']"(node: Rule.Node) {
      const [from] = (node as { arguments?: { value?: unknown }[] }).arguments ?? []
      for (const { table, message } of context.options as OwnedTable[]) {
        if (new RegExp(`^${table}( as |$)`).test(String(from?.value))) context.report({ node, message })
      }
    },
  }),
}

/** Rules of our own, for oxlint and for ESLint alike. */
export default {
  meta: { name: 'veche' },
  rules: {
    'no-environment': noEnvironment,
    'no-restricted-imports': noRestrictedImports,
    'no-restricted-tables': noRestrictedTables,
  },
}
