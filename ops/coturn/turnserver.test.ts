import { createHmac } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { hardened, startTurn, type Turn, type TurnOptions } from '../cli/parts/turn.ts'
import { freePorts } from '../bench/installation/free-ports.ts'
import { newFolder } from '../test/folder.ts'
import { TurnClient } from '../stun/TurnClient.ts'

const secret = 'a secret of at least thirty-two characters'
const host = '127.0.0.1'

/** Addresses of every kind of network that must not be reachable through our relay, in several spellings. */
const inner = [
  ...[
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '10.255.255.255',
    '100.64.0.1',
    '100.127.255.254',
    '127.0.0.2',
    '127.255.255.255',
  ],
  ...['169.254.0.1', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.8', '192.0.2.1', '192.88.99.1'],
  ...['192.168.0.1', '192.168.255.255', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1'],
  ...['224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255'],
  ...['::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe'],
  ...['::ffff:0:10.0.0.1', '64:ff9b::10.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::a00:1', '100::1'],
  ...['2001::1', '2001:0:7f00:1::1', '2001:db8::1', '2002:7f00:1::1', '2002:a00:1::', '3fff::1', '5f00::1'],
  ...['fc00::1', 'fd12:3456:789a::1', 'fe80::1', 'febf::1', 'fec0::1', 'ff02::1', 'ff05::2'],
]
const outer = ['1.1.1.1', '9.9.9.9', '126.255.255.255', '128.0.0.1', '172.32.0.1', '192.167.255.255', '223.255.255.255']

type Server = { turn: Turn; port: number; dir: string }

async function start(options: Partial<TurnOptions> = {}): Promise<Server> {
  const [port] = (await freePorts(1)) as [number]
  const dir = join(newFolder(), 'turn')
  const common = { dir, port, relayPorts: [49_160, 49_559] as [number, number], secret, realm: 'veche', listen: [host] }
  const turn = await startTurn({ ...common, address: host, peers: [host], ...options })
  onTestFinished(() => turn.stop())
  return { turn, port, dir }
}

function credentials({ ttl = 60, seat = 'seat', key = secret } = {}) {
  const username = `${Math.floor(Date.now() / 1000) + ttl}:${seat}`
  return { username, password: createHmac('sha1', key).update(username).digest('base64') }
}

async function client(
  { port }: Server,
  who: ReturnType<typeof credentials> | undefined,
  protocol: 'udp' | 'tcp' = 'udp',
) {
  const one = await TurnClient.open({ host, port, protocol }, who)
  onTestFinished(() => one.close())
  return one
}

async function allocated(server: Server, protocol: 'udp' | 'tcp' = 'udp') {
  const one = await client(server, credentials(), protocol)
  expect(await one.allocate()).toMatchObject({ code: 0, relayed: { address: host } })
  return one
}

/** 403 means forbidden; 443 means that the address family is not relayed. */
async function refusals(one: TurnClient, addresses: string[]) {
  const found: Record<string, [number, number]> = {}
  for (const address of addresses)
    found[address] = [await one.permit(address), await one.bindChannel(0x4000, { address, port: 3478 })]
  return Object.entries(found).filter(([, codes]) => !codes.every((code) => [403, 443].includes(code)))
}

async function echo() {
  const socket = createSocket('udp4')
  onTestFinished(() => void socket.close())
  socket.on('message', (data, from) => socket.send(data, from.port, from.address))
  socket.bind(0, host)
  await once(socket, 'listening')
  return { address: host, port: socket.address().port }
}

test('data of a browser reach the media node through the relay and come back, over UDP and over TCP', async () => {
  const server = await start()
  const node = await echo()
  for (const protocol of ['udp', 'tcp'] as const) {
    const one = await allocated(server, protocol)
    expect(await one.permit(node.address)).toBe(0)
    const answer = one.received()
    one.send(node, Buffer.from(protocol))
    expect((await answer).toString()).toBe(protocol)
    expect(await one.bindChannel(0x4000, node)).toBe(0)
  }
})

test('many clients that connect right after a start all get an allocation', async () => {
  const server = await start()
  const who = Array.from({ length: 12 }, (_, at) => credentials({ seat: `seat-${at}` }))
  const all = await Promise.all(who.map((one, at) => client(server, one, at % 2 ? 'tcp' : 'udp')))
  const codes = await Promise.all(all.map(async (one) => (await one.allocate()).code))
  expect(codes).toEqual(Array(12).fill(0))
})

test('the relay sends to the media node only', async () => {
  const one = await allocated(await start())
  expect(inner.length + outer.length).toBeGreaterThan(40)
  expect(await refusals(one, [...inner, ...outer])).toEqual([])
  expect(await one.permit(host)).toBe(0)
})

test('each private network is refused by an explicit rule, even when other peers are allowed', async () => {
  const all = /^denied-peer-ip=(0\.0\.0\.0-255\.255\.255\.255|::-ffff:.*)\n/gm
  const template = hardened().replaceAll(all, '')
  expect(template.length).toBeLessThan(hardened().length - 80)
  const one = await allocated(await start({ template }))
  expect(await refusals(one, inner)).toEqual([])
  for (const address of outer) expect([address, await one.permit(address)]).toEqual([address, 0])
})

test("the relay's own machine is refused when it has no media node", async () => {
  const one = await allocated(await start({ peers: ['192.0.2.77'] }))
  expect(await refusals(one, [host, '127.0.0.2', '::1', '::ffff:127.0.0.1'])).toEqual([])
  expect(await one.permit('192.0.2.77')).toBe(0)
})

test('an allocation needs credentials from the API that have not expired', async () => {
  const server = await start()
  const { username } = credentials()
  const refused = {
    nobody: undefined,
    expired: credentials({ ttl: -1 }),
    forged: credentials({ key: 'another secret of thirty-two characters' }),
    borrowed: { username, password: credentials({ seat: 'other' }).password },
    empty: { username, password: '' },
    timeless: { username: 'seat', password: createHmac('sha1', secret).update('seat').digest('base64') },
  }
  for (const [who, one] of Object.entries(refused)) {
    const { code } = await (await client(server, one)).allocate()
    expect([who, code]).toEqual([who, 401])
  }
})

test('an allocation outlives the credentials it was granted to, and another allocation needs other credentials', async () => {
  const template = hardened().replace('stale-nonce=600', 'stale-nonce=1')
  const server = await start({ template })
  const brief = credentials({ ttl: 2 })
  const one = await client(server, brief)
  expect((await one.allocate()).code).toBe(0)
  await expect.poll(async () => (await (await client(server, brief)).allocate()).code).toBe(401)
  expect([await one.refresh(), await one.permit(host)]).toEqual([0, 0])
})

test('the number of allocations of one user is limited', async () => {
  const server = await start()
  const codes: number[] = []
  for (let count = 0; count < 17; count++) {
    const one = await client(server, credentials({ ttl: 60 + count }))
    codes.push((await one.allocate()).code)
  }
  expect(codes).toEqual([...Array<number>(16).fill(0), 486])
  expect((await (await client(server, credentials({ seat: 'other' }))).allocate()).code).toBe(0)
})

test('the TURN server relays UDP only', async () => {
  const server = await start()
  expect(await (await client(server, credentials(), 'tcp')).allocate(600, 'tcp')).toMatchObject({ code: 442 })
})

test('the TURN secret stands in a file that only coturn can read, and in no argument', async () => {
  const { turn, dir } = await start()
  const file = join(dir, 'turnserver.conf')
  expect(readFileSync(file, 'utf8')).toContain(`static-auth-secret=${secret}`)
  expect(statSync(file).mode & 0o077).toBe(0)
  expect(readFileSync(`/proc/${turn.child.pid}/cmdline`, 'utf8')).not.toContain(secret)
})

test('a stopped TURN server no longer runs', async () => {
  const { turn } = await start()
  await turn.stop()
  expect(turn.child.running()).toBe(false)
})
