import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitBounds } from '../../../test/waiting.ts'
import { LimitExceeded, PreviewRefused } from '../refusals.ts'
import { type ToolLimits, ToolRun } from './ToolRun.ts'

let folder: string
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'veche-tools-'))))
afterAll(() => rm(folder, { recursive: true }))

const wide: ToolLimits = { timeMs: 60_000, memoryBytes: 1e9, fileBytes: 1e6, outputBytes: 1e6 }

function startShell(script: string, limits: Partial<ToolLimits> = {}) {
  let printed = ''
  const run = new ToolRun({
    path: '/bin/sh',
    args: ['-c', script],
    folder,
    limits: { ...wide, ...limits },
    onOutput: (bytes) => void (printed += bytes.toString()),
  })
  return { run, ended: run.ended.then(() => printed) }
}

const outcomeOf = (script: string, limits?: Partial<ToolLimits>) =>
  startShell(script, limits).ended.catch((error: unknown) => error)

test('a program runs in its folder, with the lowest claim to the processor, and knows nothing of this process', async () => {
  process.env['VECHE_SECRET_OF_TEST'] = 'secret'
  expect(await outcomeOf('pwd; nice; env')).toMatch(new RegExp(`^${folder}\n10\n`))
  expect(await outcomeOf('env; cat /proc/self/environ')).not.toMatch(/secret/)
  delete process.env['VECHE_SECRET_OF_TEST']
})

test('a program that fails has refused its file, in its first words and without paths, unless the disk is full', async () => {
  const failed = await outcomeOf(
    `echo "[mov @ 0x12ab] ${'file:/some/where/x'}: Invalid data" >&2; echo more >&2; exit 1`,
  )
  expect(failed).toBeInstanceOf(PreviewRefused)
  expect(failed).toMatchObject({ message: 'the file: Invalid data' })
  expect(await outcomeOf('echo "x: No space left on device" >&2; exit 1')).toMatchObject({ code: 'file.disk_full' })
  expect(await outcomeOf('exit 3')).toMatchObject({ message: 'it ended with 3' })
})

test('a program that takes too long is killed with everything that it has started', async () => {
  const { run, ended } = startShell('sleep 1000 & echo $!; echo $! > started; wait')
  await expect.poll(() => readFile(join(folder, 'started'), 'utf8').catch(() => '')).toMatch(/\d\n/)
  run.kill(new Error('the worker stopped'))
  await expect(ended).rejects.toThrow('the worker stopped')
  const started = Number(await readFile(join(folder, 'started'), 'utf8'))
  await expect.poll(() => isAlive(started)).toBe(false)
  expect(await outcomeOf('sleep 1000', { timeMs: 50 })).toBeInstanceOf(LimitExceeded)
})

test('a program does not outlive a worker that is killed', async () => {
  const tool = { path: '/bin/sh', args: ['-c', 'echo $$; exec sleep 1000'], folder, limits: wide }
  const script = `import { ToolRun } from '${import.meta.dirname}/ToolRun.ts'
    new ToolRun({ ...${JSON.stringify(tool)}, onOutput: (bytes) => process.stdout.write(bytes) })`
  const worker = spawn(process.execPath, ['--input-type=module', '-e', script])
  const [printed] = (await once(worker.stdout, 'data')) as [Buffer]
  expect(await isAlive(Number(printed))).toBe(true)
  worker.kill('SIGKILL')
  await expect.poll(() => isAlive(Number(printed)), waitBounds).toBe(false)
})

test('what a program leaves running when it ends is killed', async () => {
  const started = Number(await outcomeOf('sleep 1000 >/dev/null 2>&1 & echo $!'))
  expect(started).toBeGreaterThan(0)
  await expect.poll(() => isAlive(started)).toBe(false)
})

test('a program gets no more memory, output and files than it may have', async () => {
  expect(await outcomeOf('head -c 200000000 /dev/zero | tail -c 150000000 | wc -c', { memoryBytes: 1e8 })).not.toMatch(
    /150000000/,
  )
  expect(await outcomeOf('yes', { outputBytes: 1_000 })).toMatchObject({ message: 'it printed too much' })
  await outcomeOf('head -c 5000000 /dev/zero > large')
  expect((await readFile(join(folder, 'large'))).length).toBeLessThanOrEqual(1e6)
})

async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tZ')
  return !/State:\t[ZX]/.test(status)
}
