import { expect, test } from 'vitest'
import { deviceText } from './device.ts'

test('a device is named in the language of the reader', () => {
  expect(deviceText('en', 'Chrome on Linux')).toBe('Chrome on Linux')
  expect(deviceText('ru', 'Samsung Internet on Android')).toBe('Samsung Internet на\u00a0Android')
  expect(deviceText('ru', 'Unknown device')).toBe('Неизвестное устройство')
  expect(deviceText('ru', 'curl')).toBe('curl')
})
