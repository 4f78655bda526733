import { beforeAll, expect, test } from 'vitest'
import { deviceName } from './device.ts'
import { loadEveryLanguage } from '#lib/test/words.ts'

beforeAll(loadEveryLanguage)

test('the name of a device is translated into the language of the reader', () => {
  expect(deviceName('en', 'Chrome on Linux')).toBe('Chrome on Linux')
  expect(deviceName('ru', 'Samsung Internet on Android')).toBe('Samsung Internet на\u00a0Android')
  expect(deviceName('ru', 'Unknown device')).toBe('Неизвестное устройство')
  expect(deviceName('ru', 'curl')).toBe('curl')
})
