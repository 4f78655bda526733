import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { newFolder } from '../test/folder.ts'
import { download } from './download.ts'

/** The package's script downloads from here instead of the official address. */
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

test("the official worker is fetched by the package's script", async () => {
  await publish((_req, res) => void res.end(archive('#!/bin/sh\nexit 41\n')))
  const draft = newDraft()
  const fetched = await download(draft)
  expect(fetched?.startsWith(draft)).toBe(true)
  expect(existsSync(fetched!)).toBe(true)
})

test('a worker that does not run here, is missing or is damaged is not used', async () => {
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

test('a download server that never answers is given up within seconds', async () => {
  await publish(() => undefined)
  const start = performance.now()
  expect(await download(newDraft())).toBeUndefined()
  expect(performance.now() - start).toBeLessThan(30_000)
})
