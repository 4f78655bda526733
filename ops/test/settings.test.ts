import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { settings as api } from '../../apps/api/src/env.ts'
import { settings as sfu } from '../../apps/sfu/src/env.ts'
import { ownSettings } from '../cli/env.ts'

const table = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

type Shape = Record<string, { def: { type: string; defaultValue?: unknown } }>

/** Each setting with its parts and its default, as the operator's table has them. */
const rows = new Map(
  [...table.matchAll(/^\| `([A-Z0-9_]+)` \| ([^|]+) \| ([^|]+) \|/gm)].map(([, name, parts, usual]) => [
    name!,
    { parts: parts!, usual: usual! },
  ]),
)
const up: Shape = Object.fromEntries(ownSettings.map((name) => [name, { def: { type: 'text' } }]))
const schemas: Record<string, Shape> = { api: api.shape, sfu: sfu.shape, up }
/** The defaults of these depend on the machine or on another setting. */
const told = ['RELEASE', 'PUBLIC_URL', 'WEB_BUILD', 'TRUSTED_PROXIES', 'SFU_WORKERS']

test('every setting of every part stands in the table of ops/README.md, and nothing else does', () => {
  const known = new Set(Object.values(schemas).flatMap((shape) => Object.keys(shape)))
  expect([...rows.keys()].sort()).toEqual([...known].sort())
})

test('the settings table names the parts that read each setting', () => {
  for (const [name, { parts }] of rows) {
    const takers = Object.keys(schemas).filter((part) => name in schemas[part]!)
    expect({ name, parts }).toEqual({ name, parts: takers.join(', ') })
  }
})

test('the settings table has each default that is a plain value', () => {
  for (const [name, { def }] of Object.values(schemas).flatMap((shape) => Object.entries(shape))) {
    const plain = def.type === 'default' && !told.includes(name)
    if (plain) expect(rows.get(name)).toMatchObject({ usual: `\`${String(def.defaultValue)}\`` })
  }
})
