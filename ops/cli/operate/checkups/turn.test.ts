import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { freePorts } from '../../../bench/installation/free-ports.ts'
import { TurnClient } from '../../../stun/TurnClient.ts'
import { newFolder } from '../../../test/folder.ts'
import { readSettings } from '../../env.ts'
import { turnSecret } from '../../parts/keys.ts'
import { processOf, type State } from '../state.ts'
import { hardened, startTurn, turnVersion } from '../../parts/turn.ts'
import { credentials, findOldVersion, turn } from './turn.ts'

const secret = 'x'.repeat(40)
const host = '127.0.0.1'

async function start(template = hardened()) {
  const [port] = (await freePorts(1)) as [number]
  const own = { dir: join(newFolder(), 'turn'), port, relayPorts: [49_160, 49_559] as [number, number], template }
  const server = { secret: turnSecret(secret), realm: 'veche', address: host, peers: [host], listen: [host] }
  const running = await startTurn({ ...own, ...server })
  onTestFinished(() => running.stop())
  const urls = ['udp', 'tcp'].map((transport) => `turn:${host}:${port}?transport=${transport}`).join()
  return { running, urls, port }
}

function input(urls: string, port: number, own = secret) {
  const folder = newFolder()
  writeFileSync(join(folder, 'secret'), own)
  vi.stubEnv('VECHE_SECRET', '')
  onTestFinished(() => void vi.unstubAllEnvs())
  const state: State = {
    up: processOf(process.pid),
    address: 'http://localhost:8080',
    ports: { api: 8080, control: 8081 },
    nodes: [],
    turn: { address: host, port, urls },
    databaseUrl: '',
    redisUrl: '',
    ready: true,
    parts: {},
  }
  return { settings: readSettings({ VECHE_DATA: folder }), state }
}

test('the doctor accepts a TURN server that relays over UDP and over TCP', async () => {
  const { urls, port } = await start()
  expect((await turn(input(urls, port))).slice(0, 2)).toMatchObject([
    { state: 'fine', says: expect.stringContaining('transport=udp relays from 127.0.0.1') as string },
    { state: 'fine', says: expect.stringContaining('transport=tcp relays from 127.0.0.1') as string },
  ])
})

test('the doctor warns of a coturn below 4.10, which is no reason to fail', async () => {
  for (const old of ['4.6.1', '4.9', '3.2.5']) expect(findOldVersion(old), old).toMatchObject([{ state: 'doubtful' }])
  for (const version of ['4.10.0', '4.12', '5.0.1', undefined]) expect(findOldVersion(version), version).toEqual([])
  const { urls, port } = await start()
  const found = await turn(input(urls, port))
  expect(found.slice(2)).toEqual(findOldVersion(turnVersion()))
})

test('the doctor tells apart a TURN server with another secret, a full one and a dead one', async () => {
  const { urls, port } = await start()
  const [foreign] = await turn(input(urls, port, 'y'.repeat(40)))
  expect(foreign).toMatchObject({
    state: 'broken',
    says: expect.stringContaining('refuses what the API signs') as string,
  })
  const full = await start(hardened().replace('user-quota=16', 'user-quota=1'))
  const other = await TurnClient.open({ host, port: full.port, protocol: 'udp' }, credentials(turnSecret(secret)))
  onTestFinished(() => other.close())
  expect((await other.allocate()).code).toBe(0)
  const [none] = await turn(input(full.urls, full.port))
  expect(none).toMatchObject({ state: 'doubtful', says: expect.stringContaining('has no relay left') as string })
  const { running, ...gone } = await start()
  await running.stop()
  const dead = await turn(input(gone.urls, gone.port))
  expect(dead.slice(0, 2)).toMatchObject([
    { state: 'broken' },
    { state: 'broken', says: expect.stringContaining('does not answer') as string },
  ])
})

test('without a TURN server the doctor says what that means for calls', async () => {
  const { settings, state } = input('', 0)
  expect(await turn({ settings, state: { ...state, turn: undefined } })).toMatchObject([
    { state: 'doubtful', says: 'coturn does not run; calls go on, without those whose network needs it' },
  ])
})
