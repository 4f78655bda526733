import { expect, test } from 'vitest'
import { readSettings } from './env.ts'

test('all wrong settings are named in one sentence', () => {
  expect(() => readSettings({ PORT: 'many', SFU_PORT: '70000', PUBLIC_URL: 'chat.example.org' })).toThrow(
    /PORT is "many".*SFU_PORT is "70000".*PUBLIC_URL is/,
  )
})

test('the address follows the port unless it is set', () => {
  expect(readSettings({ PORT: '9000' }).publicUrl).toBe('http://localhost:9000')
  expect(readSettings({ PORT: '9000', PUBLIC_URL: 'https://chat.example.org/' }).publicUrl).toBe(
    'https://chat.example.org',
  )
})

test('an empty setting is one that is not set', () => {
  expect(readSettings({ PORT: '', DATABASE_URL: '' })).toMatchObject({ port: 8080, databaseUrl: undefined })
})
