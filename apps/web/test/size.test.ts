import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { release } from '../release.ts'
import { beyond, builtRelease, firstLoad, type Load } from './first-load.ts'

const web = fileURLToPath(new URL('../', import.meta.url))
const KB = 1024

beforeAll(() => {
  if (builtRelease() === release()) return
  // A test runner says NODE_ENV=test, and vite would build what developers see.
  const env = { ...process.env, NODE_ENV: 'production' }
  execFileSync('node_modules/.bin/vite', ['build'], { cwd: web, stdio: 'pipe', env })
}, 120_000)

describe('the first load', () => {
  test('of a chat is at most 98 KB of JavaScript', () => {
    const files = firstLoad(/\/chats\/\[id\]$/)
    expect(sum(files), listed(files)).toBeLessThanOrEqual(98 * KB)
  })

  test('of the sign-in is at most 67 KB of JavaScript', () => {
    const files = firstLoad(/\/signin$/)
    expect(sum(files), listed(files)).toBeLessThanOrEqual(67 * KB)
  })
})

describe('calls', () => {
  const media = ({ name }: Load) => name === 'mediasoup'

  test('are at most 60 KB of JavaScript beside the media library', () => {
    const files = beyond(/\/chats\/\[id\]$/, [/\/call\/\[id\]$/, /\/m\/\[code\]$/])
    expect(files.filter(media), listed(files)).not.toEqual([])
    const ours = files.filter((load) => !media(load))
    expect(sum(ours), listed(files)).toBeLessThanOrEqual(60 * KB)
  })

  test('load nothing before somebody is about to be in one', () => {
    for (const route of [/\/chats\/\[id\]$/, /\/signin$/, /\/meetings$/])
      expect(firstLoad(route).filter(media)).toEqual([])
  })
})

function sum(files: Load[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0)
}

function listed(files: Load[]): string {
  const lines = files.map(({ name, file, bytes }) => `${(bytes / KB).toFixed(1).padStart(6)} KB  ${file} ${name}`)
  return [`${(sum(files) / KB).toFixed(1)} KB in all`, ...lines].join('\n')
}
