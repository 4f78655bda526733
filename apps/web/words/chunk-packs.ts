import { packOf } from './packs.ts'

type Chunk = { type: string; moduleIds?: string[] }

/** Which packs each file of the built app needs, as `test/first-load.ts` reads it: file to packs. */
export function chunkPacks(bundle: Record<string, Chunk>, codeOf: (id: string) => string | null | undefined) {
  const entries = Object.entries(bundle).flatMap(([file, { moduleIds = [] }]) => {
    const code = moduleIds.map((id) => codeOf(id) ?? '').join('\n')
    const packs = [...code.matchAll(/\bwordsOf\(["'](\w+)["']\)/g)].map(([, namespace = '']) => packOf(namespace))
    return packs.length ? [[file, [...new Set(packs)]]] : []
  })
  return Object.fromEntries(entries) as Record<string, string[]>
}
