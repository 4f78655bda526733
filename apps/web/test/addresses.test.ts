import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const routes = join(import.meta.dirname, '../src/routes')

test('every parent of an address is a page, for people who cut an address', () => {
  const pages = readdirSync(routes, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\+page\.(svelte|ts)$/.test(file))
    .map(addressOf)
  expect(pages).toContain('/chats/[id]')
  const missing = pages.flatMap(parentsOf).filter((parent) => !pages.includes(parent))
  expect([...new Set(missing)]).toEqual([])
})

/** Of "(app)/(chats)/chats/[id]/+page.svelte": "/chats/[id]". */
function addressOf(file: string): string {
  const parts = file.split('/').filter((part) => !/^\(|^\+page/.test(part))
  return `/${parts.join('/')}`
}

function parentsOf(address: string): string[] {
  const parts = address.split('/').slice(1)
  return parts.map((_, index) => `/${parts.slice(0, index).join('/')}`)
}
