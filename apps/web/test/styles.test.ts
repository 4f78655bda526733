import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const sources = join(import.meta.dirname, '../src')
const components = globSync('**/*.svelte', { cwd: sources })
const read = (file: string) => readFileSync(join(sources, file), 'utf8')
const shared = read('app.css') + components.flatMap((file) => read(file).match(/:global\([^)]*\)/g) ?? []).join()

test('no text is smaller than 12 px', () => {
  const small = [...components, 'app.css', 'tokens.css'].flatMap((file) =>
    [...read(file).matchAll(/font(?:-size|-\d+|)?: ?[^;]*?\b(\d+(?:\.\d+)?)px/g)]
      .filter(([, px]) => Number(px) < 12)
      .map(([style]) => `${file}: ${style}`),
  )
  expect(small).toEqual([])
})

test.each(components)('every class that the markup of %s names has a style', (file) => {
  const source = read(file)
  const style = /<style[^>]*>([^]*?)<\/style>/.exec(source)?.[1] ?? ''
  const markup = source.replace(/<(script|style)[^]*?<\/\1>/g, '')
  const names = [...markup.matchAll(/\sclass="([^"{}]*)"/g)].flatMap(([, list]) => list?.split(/\s+/) ?? [])
  const isStyled = (name: string) => new RegExp(`\\.${name}(?![\\w-])`).test(style + shared)
  expect(names.filter((name) => name && !isStyled(name))).toEqual([])
})
