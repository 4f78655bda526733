import { beforeEach, expect, test } from 'vitest'
import { FakeBrowser } from '../../../../test/browser.ts'
import { deviceFor, loadEarly } from './router-device.ts'

beforeEach(() => void new FakeBrowser())

// Nobody listens yet: a rejection that nobody handles would fail this test.
test('what was remembered of the nodes and makes no sense is said to whoever joins, not before', async () => {
  localStorage.setItem('veche-router', '{"codecs":')
  loadEarly()
  await new Promise((resolve) => setImmediate(resolve))
  await expect(deviceFor({})).rejects.toThrow()
})
