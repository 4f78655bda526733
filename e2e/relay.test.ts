import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { startTurn } from '../ops/cli/parts/turn.ts'
import { newAccount, newGroup, newOwner } from './house/accounts.ts'
import { freePorts } from './house/free-ports.ts'
import { Installation } from './house/Installation.ts'
import { patience, receive } from './media/callers.ts'
import { Company } from './media/Company.ts'
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
const clara = await newAccount(house, anna, { name: 'Clara Rossi' })
const chatId = await newGroup(anna, 'Behind a wall', [boris, clara])
afterAll(async () => {
  await house.stop()
  await turn.stop()
  rmSync(folder, { recursive: true, force: true })
})

const company = new Company(house)
company.equip(boris, { relay: 'udp', hurried: true })
company.equip(clara, { relay: 'tcp' })

describe('a call', () => {
  it('works through a relay alone, which one reaches over UDP and the other over TCP', async () => {
    const [his, hers] = await company.two(chatId, boris, clara)
    for (const [{ page }, protocol] of [
      [his, 'udp'],
      [hers, 'tcp'],
    ] as const) {
      const used = (await pairs(page)).map((pair) => [pair.local, pair.protocol])
      expect(used).toEqual([
        ['relay', protocol],
        ['relay', protocol],
      ])
    }
  })

  it('goes on with new credentials of the relay, which come before the old ones run out', async () => {
    const [his, hers] = await company.two(chatId, boris, clara)
    const before = await relayNames(his.page)
    expect(before).toHaveLength(2)
    const renewed = async () => (await relayNames(his.page)).filter((name) => !before.includes(name)).length
    await expect.poll(renewed, patience).toBe(2)
    await receive([his, hers], { pictures: 1, voices: 1 })
  })
})

function relayNames(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    globalThis.tapped
      .filter(({ connectionState }) => connectionState !== 'closed')
      .flatMap((connection) => connection.getConfiguration().iceServers ?? [])
      .map(({ username }) => username ?? ''),
  )
}
