import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { newFolder } from '../test/folder.ts'
import { download } from './download.ts'

/** The package's script looks here instead of where the official binaries are. */
async function publish(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.closeAllConnections())
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  vi.stubEnv('MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL', `http://127.0.0.1:${port}`)
  vi.stubEnv('MEDIASOUP_WORKER_BIN', '')
  onTestFinished(() => void vi.unstubAllEnvs())
}

function archive(text: string) {
  const folder = newFolder()
  writeFileSync(join(folder, 'mediasoup-worker'), text)
  chmodSync(join(folder, 'mediasoup-worker'), 0o755)
  execFileSync('tar', ['-czf', 'worker.tgz', 'mediasoup-worker'], { cwd: folder })
  return readFileSync(join(folder, 'worker.tgz'))
}

function newDraft() {
  const draft = join(newFolder(), 'draft')
  mkdirSync(draft)
  return draft
}

test('the official worker is fetched by the script of the package', async () => {
  await publish((_req, res) => void res.end(archive('#!/bin/sh\nexit 41\n')))
  const draft = newDraft()
  const fetched = await download(draft)
  expect(fetched?.startsWith(draft)).toBe(true)
  expect(existsSync(fetched!)).toBe(true)
})

test('one that does not run here, one that is not there and a damaged one are none', async () => {
  const answers: RequestListener[] = [
    (_req, res) => void res.end(archive('#!/bin/sh\nexit 127\n')),
    (_req, res) => void res.writeHead(404).end(),
    (_req, res) => void res.end('no archive'),
  ]
  for (const answer of answers) {
    await publish(answer)
    expect(await download(newDraft())).toBeUndefined()
  }
})

test('a place that never answers is given up in seconds', async () => {
  await publish(() => undefined)
  const start = performance.now()
  expect(await download(newDraft())).toBeUndefined()
  expect(performance.now() - start).toBeLessThan(30_000)
})
