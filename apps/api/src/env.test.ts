import { expect, test } from 'vitest'
import { readEnv } from './env.ts'

test('a trusted proxy that is no address and no network is reported together with the other wrong settings', () => {
  const problems = (list: string) => {
    try {
      readEnv({ TRUSTED_PROXIES: list, PORT: 'x' })
    } catch (error) {
      return String(error)
    }
    return ''
  }
  expect(problems('10.0.0.0/33, proxy.local')).toMatch(/TRUSTED_PROXIES[\s\S]*PORT|PORT[\s\S]*TRUSTED_PROXIES/)
  expect(problems('10.0.0.0/8, ::1, loopback')).not.toContain('TRUSTED_PROXIES')
})
