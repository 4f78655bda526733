import { spawn, type ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { newFolder } from '../../test/folder.ts'
import { newPorts } from '../../test/ports.ts'
import { isAlive } from '../child.ts'
import { nodeKey, turnSecret } from '../parts/keys.ts'
import { readState } from './state.ts'

/** An installation that this test starts, with the lines that it has printed. */
class Installation {
  folder = newFolder()
  address: string
  lines: string[] = []
  #env: NodeJS.ProcessEnv
  #up: ChildProcess | undefined
  #news = new EventEmitter()

  static async prepare() {
    return new Installation(await newPorts())
  }

  private constructor(ports: Record<'PORT', string>) {
    this.address = `http://localhost:${ports.PORT}`
    const settings = { VECHE_DATA: this.folder, PUBLIC_URL: '', DATABASE_URL: '', REDIS_URL: '', NODE_ENV: '' }
    this.#env = { ...process.env, ...settings, ...ports }
    onTestFinished(() => this.stop())
  }

  async up(...options: string[]) {
    const up = this.#start('up', ...options)
    this.#up = up
    await this.#line(/^Ctrl-C stops/, up)
  }

  async run(...args: string[]) {
    const command = this.#start(...args)
    const [status] = (await once(command, 'exit')) as [number]
    return status
  }

  async kill() {
    this.#up!.kill('SIGKILL')
    await once(this.#up!, 'exit')
  }

  async stop() {
    if (!this.#up || this.#up.exitCode !== null || this.#up.signalCode) return
    this.#up.kill('SIGINT')
    await once(this.#up, 'exit')
  }

  async says(pattern: RegExp) {
    await this.#line(pattern, this.#up!)
  }

  pids() {
    return Object.fromEntries(Object.entries(readState(this.folder)!.parts).map(([name, { pid }]) => [name, pid]))
  }

  #start(...args: string[]) {
    const child = spawn(process.execPath, [join(import.meta.dirname, '../main.ts'), ...args], { env: this.#env })
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line)
        this.#news.emit('line')
      })
    }
    return child
  }

  /** Waits for a line, among those that were printed already and those that come. */
  async #line(pattern: RegExp, child: ChildProcess) {
    const ended = once(child, 'close').then(() => 'ended')
    while (!this.lines.some((line) => pattern.test(line))) {
      if ((await Promise.race([once(this.#news, 'line'), ended])) === 'ended')
        throw new Error(`it ended before saying ${String(pattern)}:\n${this.lines.join('\n')}`)
    }
  }
}

test('"up" starts everything and hides all secrets, a second "up" is refused, "doctor" finds no problem, and "down" stops everything', async () => {
  const one = await Installation.prepare()
  await one.up()
  expect(await (await fetch(`${one.address}/readyz`)).json()).toMatchObject({ ready: true })
  expect((await fetch(`${one.address}/`)).status).toBe(200)
  const link = one.lines.find((line) => line.includes('first administrator'))
  expect(link).toMatch(new RegExp(`${one.address}/setup/\\S{40,}$`))
  expect(await one.run('admin', 'link')).toBe(0)
  expect(one.lines.at(-1)).toMatch(`${one.address}/setup/`)
  const pids = Object.values(one.pids())
  expect(Object.keys(one.pids()).sort()).toEqual(['api', 'postgres', 'redis', 'sfu-0', 'turn'])
  expect(pids.filter(isAlive)).toEqual(pids)
  expectSecretsKept(one)

  expect(await one.run('up')).toBe(1)
  expect(one.lines.at(-1)).toBe(`veche: Veche already runs on ${one.folder} (${one.address}): "./veche down" stops it.`)
  const status = await one.run('doctor')
  expect({ status, broken: one.lines.filter((line) => line.startsWith('✗')) }).toEqual({ status: 0, broken: [] })
  const fine = one.lines.flatMap((line) => /^✓ (sfu-0 UDP|sfu-0 TCP|TURN)/.exec(line)?.[1] ?? [])
  expect(fine).toEqual(['sfu-0 UDP', 'sfu-0 TCP', 'TURN', 'TURN'])
  expect(await one.run('down')).toBe(0)
  expect(pids.filter(isAlive)).toEqual([])
})

test('a killed part is restarted alone, "up" works after a kill -9 of everything, and Ctrl-C leaves nothing behind', async () => {
  const one = await Installation.prepare()
  await one.up('--sfu', '2')
  const before = one.pids()
  expect(Object.keys(before)).toEqual(expect.arrayContaining(['sfu-0', 'sfu-1', 'turn']))
  const killed = ['sfu-1', 'turn', 'api']
  for (const name of killed) {
    process.kill(before[name]!, 'SIGKILL')
    await one.says(new RegExp(`^! ${name} ended \\(SIGKILL\\); it starts again`))
  }
  const back = () => killed.filter((name) => one.pids()[name] !== before[name] && isAlive(one.pids()[name]!))
  await expect.poll(back).toEqual(killed)
  const answers = () =>
    fetch(`${one.address}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    )
  await expect.poll(answers).toBe(true)
  const others = (pids: Record<string, number>) => ['postgres', 'redis', 'sfu-0'].map((name) => pids[name])
  expect(others(one.pids())).toEqual(others(before))

  const orphans = one.pids()
  for (const name of ['postgres', 'redis']) process.kill(orphans[name]!, 'SIGSTOP')
  await one.kill()
  process.kill(orphans['postgres']!, 'SIGCONT')
  process.kill(orphans['redis']!, 'SIGKILL')
  one.lines = []
  await one.up()
  expect(Object.values(orphans).some(isAlive)).toBe(false)
  expect(await (await fetch(`${one.address}/readyz`)).json()).toMatchObject({ ready: true, redis: 'ok' })
  const pids = Object.values(one.pids())
  await one.stop()
  expect(pids.filter(isAlive)).toEqual([])
})

/** No secret of the installation stands in an argument or a log, and a media node gets no secret of the API. */
function expectSecretsKept(one: Installation) {
  const secret = readFileSync(join(one.folder, 'secret'), 'utf8').trim()
  const turn = turnSecret(secret)
  for (const [name, pid] of Object.entries(one.pids())) {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    expect([name, [secret, turn, nodeKey(secret, 'sfu-0')].filter((one) => args.includes(one))]).toEqual([name, []])
  }
  const told = readFileSync(`/proc/${one.pids()['sfu-0']}/environ`, 'utf8')
  expect(told).toContain(nodeKey(secret, 'sfu-0'))
  for (const own of [secret, turn, 'postgres://']) expect(told).not.toContain(own)
  const logs = readdirSync(join(one.folder, 'logs')).map((file) => readFileSync(join(one.folder, 'logs', file), 'utf8'))
  for (const own of [secret, turn]) expect([...logs, ...one.lines].join('\n')).not.toContain(own)
}
