import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newFolder } from '../test/folder.ts'
import { mediasoupFolder } from './package.ts'
import { checkStandIns } from './recipe.ts'

function wraps() {
  const folder = newFolder()
  cpSync(join(mediasoupFolder(), 'worker/subprojects'), folder, { recursive: true })
  return folder
}

test('the stand-ins are those that this version of mediasoup needs', () => {
  expect(() => checkStandIns(wraps())).not.toThrow()
})

test('a mediasoup version that needs other libraries is noticed before a build', () => {
  const folder = wraps()
  const wrap = join(
    folder,
    readdirSync(folder).find((name) => name.startsWith('libuv'))!,
  )
  writeFileSync(wrap, readFileSync(wrap, 'utf8').replace(/libuv-v[\d.]+/, 'libuv-v9'))
  expect(() => checkStandIns(folder)).toThrow(/builds on other libraries.*libuv-v/)
})

test("both lines of mediasoup's source that Debian needs changed are patched", () => {
  const read = (path: string) => readFileSync(join(mediasoupFolder(), 'worker', path), 'utf8')
  expect(read('meson.build')).toContain(`meson_version: '>= 1.0.0'`)
  expect(read('src/RTC/DtlsTransport.cpp')).toContain('(operationType & BIO_CB_RETURN)')
})
