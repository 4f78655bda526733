import { beforeEach, expect, test } from 'vitest'
import { FakeBrowser } from '../../../../../test/browser.ts'
import { RouterDevice } from './router-device.ts'

beforeEach(() => void new FakeBrowser())

// A rejection without a handler would fail this test.
test('unreadable saved capabilities cause an error when the user joins, and not before', async () => {
  localStorage.setItem('veche-router', '{"codecs":')
  const routerDevice = new RouterDevice()
  routerDevice.preload()
  await new Promise((resolve) => setImmediate(resolve))
  await expect(routerDevice.loadFor({})).rejects.toThrow()
})
