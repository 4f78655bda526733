import { expect, onTestFinished, test, vi } from 'vitest'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import type { LocalMedia } from '../publish/LocalMedia.svelte.ts'
import type { Subscriptions } from '../subscribe/Subscriptions.ts'
import { Monitor } from './Monitor.ts'

test('the flow of media is checked on and on, also when the browser never answers one question for statistics', async () => {
  vi.stubGlobal('document', { visibilityState: 'visible' })
  onTestFinished(() => void vi.unstubAllGlobals())
  const environment = new TestEnvironment()
  const asked: string[] = []
  const getStats = () => {
    asked.push('microphone')
    return asked.length === 1 ? new Promise<never>(() => undefined) : Promise.resolve(new Map())
  }
  const localMedia = {
    expected: { mic: true, cam: false },
    publications: { bySource: { mic: { producer: { closed: false, getStats } }, cam: { producer: null } } },
  } as unknown as LocalMedia
  const subscriptions = { shown: () => [] } as unknown as Subscriptions
  let checks = 0
  const monitor = new Monitor({
    environment: environment.forTab(),
    subscriptions,
    localMedia,
    onStalls: () => (checks += 1),
  })
  await environment.pass(10_000)
  monitor.stop()
  expect(checks).toBeGreaterThan(5)
})
