import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, expect, it } from 'vitest'
import { startTurn } from '../ops/cli/turn.ts'
import { newAccount, newGroup, newOwner } from './house/accounts.ts'
import { freePorts } from './house/free-ports.ts'
import { Installation } from './house/Installation.ts'
import { inCall, patience, receives } from './media/callers.ts'
import { pairs } from './media/figures.ts'

const host = '127.0.0.1'
const secret = randomUUID()
const [port = 0] = await freePorts(1)
const folder = mkdtempSync(join(tmpdir(), 'veche-turn-'))
// Coturn steps down to an account of its own, which has to get through.
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
const house = await Installation.start({ nodes: 1, settings: { TURN_SECRET: secret, TURN_URLS: urls.join(',') } })
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
afterAll(async () => {
  await house.stop()
  await turn.stop()
  rmSync(folder, { recursive: true, force: true })
})

it.each(['udp', 'tcp'] as const)('a call works through a relay alone that is reached over %s', async (relay) => {
  const dialogId = await newGroup(anna, `Behind a wall, ${relay}`, [boris])
  const hers = await inCall(house, anna, dialogId)
  const his = await inCall(house, boris, dialogId, { relay })
  await Promise.all([hers, his].map(({ page }) => receives(page, { pictures: 1, voices: 1 })))
  const used = await pairs(his.page)
  expect(used.map(({ local, protocol }) => [local, protocol])).toEqual([
    ['relay', relay],
    ['relay', relay],
  ])
})

it('the credentials of the relay are made new before they run out, and the call goes on', async () => {
  const dialogId = await newGroup(anna, 'A long evening', [boris])
  const hers = await inCall(house, anna, dialogId)
  const his = await inCall(house, boris, dialogId, { relay: 'udp', hurried: true })
  await receives(his.page, { pictures: 1, voices: 1 })
  const before = await relayNames(his.page)
  expect(before).toHaveLength(2)
  const renewed = async () => (await relayNames(his.page)).filter((name) => !before.includes(name)).length
  await expect.poll(renewed, patience).toBe(2)
  await Promise.all([hers, his].map(({ page }) => receives(page, { pictures: 1, voices: 1 })))
})

function relayNames(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    globalThis.tapped
      .filter(({ connectionState }) => connectionState !== 'closed')
      .flatMap((connection) => connection.getConfiguration().iceServers ?? [])
      .map(({ username }) => username ?? ''),
  )
}
