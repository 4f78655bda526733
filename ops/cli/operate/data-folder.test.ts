import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newFolder } from '../../test/folder.ts'
import { openDataFolder, readSecret } from './data-folder.ts'
import { readSettings } from '../env.ts'

test('the data folder is created, and a symbolic link to it is followed', () => {
  const folder = newFolder()
  mkdirSync(join(folder, 'real'))
  symlinkSync(join(folder, 'real'), join(folder, 'link'))
  expect(openDataFolder(readSettings({ VECHE_DATA: join(folder, 'link') }))).toBe(join(folder, 'real'))
  expect(openDataFolder(readSettings({ VECHE_DATA: join(folder, 'new/one') }))).toBe(join(folder, 'new/one'))
})

test('a full disk is reported before anything starts', () => {
  expect(() => openDataFolder(readSettings({ VECHE_DATA: newFolder() }), Infinity)).toThrow(/is full \(\d+ MB are free/)
})

test('a file at the path of the data folder is reported in one sentence', () => {
  const file = join(newFolder(), 'file')
  writeFileSync(file, '')
  expect(() => openDataFolder(readSettings({ VECHE_DATA: join(file, 'data') }))).toThrow(
    /cannot be used: a part of the path is a file/,
  )
})

test('the secret is generated once and is readable by its owner only', () => {
  const folder = newFolder()
  const secret = readSecret(folder)
  expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
  expect(readSecret(folder)).toBe(secret)
  expect(statSync(join(folder, 'secret')).mode & 0o777).toBe(0o600)
})

test('a damaged secret is not replaced silently', () => {
  const folder = newFolder()
  writeFileSync(join(folder, 'secret'), '')
  chmodSync(join(folder, 'secret'), 0o600)
  expect(() => readSecret(folder)).toThrow(/is damaged/)
})
