import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { newFolder } from '../../../test/folder.ts'
import { newPorts } from '../../../test/ports.ts'
import { startChild } from '../../child.ts'
import { checkout, readSettings } from '../../env.ts'
import { nodeEnvironment } from '../../parts/environments.ts'
import { openProbe } from '../node-control.ts'
import { nodeAddresses } from '../../parts/node-addresses.ts'
import { processOf } from '../state.ts'
import { media } from './media.ts'

const secret = 'x'.repeat(40)

/** A real node without an API. It accepts no calls, but its transports answer probes. */
async function start() {
  const folder = newFolder()
  writeFileSync(join(folder, 'secret'), secret)
  vi.stubEnv('VECHE_SECRET', '')
  onTestFinished(() => void vi.unstubAllEnvs())
  const settings = readSettings({ ...(await newPorts()), MEDIA_HOST: '127.0.0.1', VECHE_DATA: folder })
  const nodes = nodeAddresses(settings, 1)
  const mediaWorker = process.env['MEDIASOUP_WORKER_BIN']
  const wiring = { settings, folder, secret, databaseUrl: '', redisUrl: '', turnUrls: '', mediaWorker }
  const env = { ...nodeEnvironment(wiring, nodes[0]!), LOG_LEVEL: 'silent' }
  const options = { cwd: checkout, env, stdio: 'ignore', orphanSignal: 'TERM' } as const
  const child = startChild(process.execPath, ['apps/sfu/src/main.ts'], options)
  onTestFinished(() => child.stop(['SIGTERM'], 10_000))
  const ports = { api: settings.port, control: settings.controlPort }
  const urls = { databaseUrl: '', redisUrl: '' }
  const state = {
    up: processOf(process.pid),
    address: '',
    ports,
    nodes,
    turn: undefined,
    ...urls,
    ready: true,
    parts: {},
  }
  const probing = () => openProbe(nodes[0]!, secret).then(({ iceCandidates }) => iceCandidates.length)
  await expect.poll(probing, { timeout: 60_000, interval: 200 }).toBe(2)
  return { input: { settings, state }, child, folder, port: settings.sfu.mediaPort }
}

test('the doctor accepts a media node that answers over UDP and over TCP', async () => {
  const { input, port } = await start()
  expect(await media(input)).toEqual([
    { part: 'sfu-0 UDP', state: 'fine', says: `media is answered at 127.0.0.1:${port}` },
    { part: 'sfu-0 TCP', state: 'fine', says: `media is answered at 127.0.0.1:${port}` },
  ])
})

test('the doctor tells apart a media node with another key and one that does not answer', async () => {
  const { input, child, folder } = await start()
  writeFileSync(join(folder, 'secret'), 'y'.repeat(40))
  expect(await media(input)).toMatchObject([
    { state: 'broken', says: expect.stringContaining('it has another key') as string },
  ])
  await child.stop(['SIGKILL'], 5_000)
  expect(await media(input)).toMatchObject([
    { state: 'broken', says: expect.stringContaining('ECONNREFUSED') as string },
  ])
})
