import { expect, onTestFinished, test, vi } from 'vitest'
import { mediaWorker } from './installation.ts'

test('the doctor names the media worker in use and reports one that does not start', async () => {
  expect(await mediaWorker()).toMatchObject([{ state: 'fine', says: process.env['MEDIASOUP_WORKER_BIN'] }])
  vi.stubEnv('MEDIASOUP_WORKER_BIN', '/bin/true')
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(await mediaWorker()).toMatchObject([{ state: 'broken', says: '/bin/true does not start' }])
})
