import { expect, test } from 'vitest'
import { readSettings } from './env.ts'

test('all wrong settings are named in one error', () => {
  expect(() => readSettings({ PORT: 'many', SFU_PORT: '70000', PUBLIC_URL: 'chat.example.org' })).toThrow(
    /PORT is "many".*SFU_PORT is "70000".*PUBLIC_URL is/,
  )
})

test('the public address follows the port unless PUBLIC_URL is set', () => {
  expect(readSettings({ PORT: '9000' }).publicUrl).toBe('http://localhost:9000')
  expect(readSettings({ PORT: '9000', PUBLIC_URL: 'https://chat.example.org/' }).publicUrl).toBe(
    'https://chat.example.org',
  )
})

test('an empty setting counts as not set', () => {
  expect(readSettings({ PORT: '', DATABASE_URL: '' })).toMatchObject({ port: 8080, databaseUrl: undefined })
})

test('related ports follow the one that is set, and a wrong port or address is named', () => {
  expect(readSettings({ PORT: '9000', SFU_PORT: '9100' })).toMatchObject({
    controlPort: 9001,
    sfu: { controlPort: 9101, mediaPort: 40_000, mediaHost: '0.0.0.0' },
    turn: { port: 3478, relayPorts: [49_160, 49_559] },
  })
  const wrong = { MEDIA_HOST: 'here', SFU_WORKERS: '0', TURN_RELAY_PORTS: '100-200', CONTROL_PORT: 'x' }
  expect(() => readSettings(wrong)).toThrow(/CONTROL_PORT.*MEDIA_HOST.*SFU_WORKERS.*TURN_RELAY_PORTS/)
})
