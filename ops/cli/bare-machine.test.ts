import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

test.each(['operate/up.ts', 'operate/doctor.ts', 'operate/down.ts', 'develop/check.ts', 'develop/test.ts'])(
  '%s begins on a machine where no package is installed yet',
  (entry) => {
    const seen = new Set<string>()
    const packages: string[] = []
    const walk = (file: string) => {
      if (seen.has(file) || !existsSync(file)) return
      seen.add(file)
      for (const [, type, from] of readFileSync(file, 'utf8').matchAll(
        /^(?:import|export) (type )?[^'"]*?from '([^']+)'/gm,
      )) {
        if (type || !from || from.startsWith('node:')) continue
        if (from.startsWith('.')) walk(join(dirname(file), from))
        else packages.push(`${file.slice(import.meta.dirname.length + 1)} imports ${from}`)
      }
    }
    walk(join(import.meta.dirname, entry))
    expect(seen.size).toBeGreaterThan(1)
    expect(packages).toEqual([])
  },
)
