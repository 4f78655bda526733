import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { newFolder } from '../test/folder.ts'
import { newPorts } from '../test/ports.ts'
import { nodeKey } from './parts/keys.ts'

function veche(args: string[], env: NodeJS.ProcessEnv = {}) {
  const main = join(import.meta.dirname, 'main.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return { status, stdout, stderr }
}

test('"./veche" without a command lists all commands', () => {
  expect(veche([])).toMatchObject({ status: 0, stdout: expect.stringContaining('./veche up') as string })
})

test.each(['up', 'down', 'doctor', 'admin', 'node-key', 'check', 'test', 'release', 'bench'])(
  '%s --help says what it does and does nothing',
  (name) => {
    expect(veche([name, '--help'])).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringMatching(`^./veche ${name}`) as string,
    })
  },
)

test('an unknown command or option is refused in one sentence', () => {
  expect(veche(['fly'])).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^veche: There is no command "fly"/) as string,
  })
  expect(veche(['up', '--fast'])).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^veche: Unknown option '--fast'/) as string,
  })
  expect(veche(['toString']).status).toBe(2)
  expect(veche(['check', '--write', 'lint'])).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/"lint"; there is format, messages, generated/) as string,
  })
  expect(veche(['up', '--sfu', 'many'])).toMatchObject({
    status: 2,
    stderr: 'veche: --sfu is "many", and takes a number of media nodes from 1 to 8.\n',
  })
  expect(veche(['node-key', 'Node 1']).status).toBe(2)
})

test('a taken port ends the start with one sentence', async () => {
  const server = createServer().listen(0)
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const { status, stderr } = veche(['up'], { VECHE_DATA: newFolder(), PORT: String(port) })
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: `veche: Port ${port} is taken by another program; choose another with PORT=${port + 1}.\n`,
  })
})

test('wrong settings of all parts are named together, before anything starts', { timeout: 300_000 }, async () => {
  const folder = newFolder()
  const ports = await newPorts()
  const { status, stderr } = veche(['up'], {
    ...ports,
    VECHE_DATA: folder,
    LOG_LEVEL: 'loud',
    SMTP_URL: 'no',
    MAIL_FROM: '',
  })
  expect(status).toBe(1)
  expect(stderr).toMatch(/^veche: These settings are missing or wrong:\n {2}SMTP_URL: .*\n {2}LOG_LEVEL: .*\n$/)
  expect(readdirSync(folder)).not.toContain('postgres')
})

test('"./veche down" succeeds when nothing runs', () => {
  const folder = newFolder()
  expect(veche(['down'], { VECHE_DATA: folder })).toMatchObject({
    status: 0,
    stdout: `Veche does not run on ${folder}.\n`,
  })
})

test('"./veche node-key" prints the key that the API expects of that node', () => {
  const env = { VECHE_DATA: newFolder(), VECHE_SECRET: 'x'.repeat(40) }
  const key = (name: string) => veche(['node-key', name], env).stdout
  expect(key('sfu-7')).toBe(`${nodeKey('x'.repeat(40), 'sfu-7')}\n`)
  expect(key('sfu-8')).not.toBe(key('sfu-7'))
})
