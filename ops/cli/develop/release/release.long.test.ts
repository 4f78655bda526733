import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { newFolder } from '../../../test/folder.ts'
import { newPorts } from '../../../test/ports.ts'
import { makeRelease } from './release.ts'

test('an archive starts on a machine that has no Node, no npm, no compiler and no cache', async () => {
  const folder = newFolder()
  const archive = await makeRelease({ key: join(folder, 'key'), to: folder })
  const unpacked = newFolder()
  spawnSync('tar', ['-xzf', archive, '-C', unpacked])
  const root = join(unpacked, readdirSync(unpacked)[0] ?? '')
  const ports = await newPorts()
  const env = { PATH: systemPath(), HOME: join(folder, 'home'), VECHE_DATA: join(folder, 'data'), ...ports }
  const up = spawn(join(root, 'veche'), ['up'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(async () => {
    if (up.exitCode !== null) return
    up.kill('SIGINT')
    await once(up, 'exit')
  })
  const lines: string[] = []
  for await (const line of createInterface({ input: up.stdout })) {
    lines.push(line)
    if (line.startsWith('Ctrl-C stops')) break
  }
  expect(lines.join('\n')).toMatch(`Veche is ready: http://localhost:${ports.PORT}`)
  const page = await fetch(`http://localhost:${ports.PORT}/`)
  expect(await page.text()).toContain('<title>Veche')
  const doctor = spawnSync(join(root, 'veche'), ['doctor'], { env, encoding: 'utf8' })
  expect(doctor.stdout).not.toContain('✗')
  const checks = spawnSync(join(root, 'veche'), ['check'], { env, encoding: 'utf8' })
  expect(checks.stderr).toContain('There is no command "check"')
})

/** The programs of the distribution, without any Node that was put among them. */
function systemPath(): string {
  const own = dirname(process.execPath)
  return ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].filter((folder) => folder !== own).join(':')
}
