import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startTurn } from '../ops/cli/parts/turn.ts'
import { insertAccount, newGroup, newOwner } from './installation/accounts.ts'
import { freePorts } from './installation/free-ports.ts'
import { OwnInstallation } from './installation/OwnInstallation.ts'
import { CallBrowsers } from './media/CallBrowsers.ts'
import { pairs } from './media/stream-stats.ts'

const host = '127.0.0.1'
const secret = randomUUID()
const [port = 0] = await freePorts(1)
const folder = mkdtempSync(join(tmpdir(), 'veche-turn-'))
// Coturn runs under an account of its own, which has to reach the folder.
chmodSync(folder, 0o711)
const turn = await startTurn({
  dir: join(folder, 'turn'),
  port,
  relayPorts: [48_160, 48_559],
  secret,
  realm: 'veche',
  listen: [host],
  address: host,
  peers: [host],
})
const urls = ['udp', 'tcp'].map((protocol) => `turn:${host}:${port}?transport=${protocol}`)
const installation = await OwnInstallation.start({
  nodes: 1,
  settings: { TURN_SECRET: secret, TURN_URLS: urls.join(',') },
})
const anna = await newOwner(installation, { name: 'Anna Lindqvist' })
const boris = await insertAccount(installation, { name: 'Boris Petrov' })
const clara = await insertAccount(installation, { name: 'Clara Rossi' })
const chatId = await newGroup(anna, 'Behind a wall', [boris, clara])
afterAll(async () => {
  await installation.stop()
  await turn.stop()
  rmSync(folder, { recursive: true, force: true })
})

const browsers = new CallBrowsers(installation)
browsers.configure(boris, { relay: 'udp' })
browsers.configure(clara, { relay: 'tcp' })

test('a call works through TURN alone, which one person reaches over UDP and the other over TCP', async () => {
  const [hisDevice, herDevice] = await browsers.two(chatId, boris, clara)
  for (const [{ page }, protocol] of [
    [hisDevice, 'udp'],
    [herDevice, 'tcp'],
  ] as const) {
    const used = (await pairs(page)).map((pair) => [pair.local, pair.protocol])
    expect(used).toEqual([
      ['relay', protocol],
      ['relay', protocol],
    ])
  }
})
