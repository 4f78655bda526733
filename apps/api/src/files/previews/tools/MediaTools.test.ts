import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Logger } from '../../../platform/logger.ts'
import { MediaTools } from './MediaTools.ts'

let folder: string
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'veche-making-'))))
afterAll(() => rm(folder, { recursive: true }))

function newTools(places?: string[]) {
  const warnings: string[] = []
  const log = { warn: (sentence: string) => void warnings.push(sentence) } as unknown as Logger
  return { tools: new MediaTools(folder, log, places), warnings }
}

test('each piece of work has a folder that is gone afterwards, also when it fails, and one of a queue runs at a time', async () => {
  const { tools } = newTools()
  let running = 0
  const work = (fails: boolean) =>
    tools.inFolder('one', async (own) => {
      expect((running += 1)).toBe(1)
      await writeFile(join(own, 'made'), 'x')
      running -= 1
      if (fails) throw new Error('failed')
    })
  const outcomes = await Promise.allSettled([work(false), work(true), work(false)])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(await readdir(folder)).toEqual([])
})

test('work in one queue does not wait for another queue', async () => {
  const { tools } = newTools()
  const other = Promise.withResolvers<void>()
  const held = tools.inFolder('one', () => other.promise)
  await tools.inFolder('other', () => Promise.resolve())
  other.resolve()
  await held
})

test('what a killed worker has left behind is removed at the start of the next one, and what another one makes stays', async () => {
  const other = spawn('sleep', ['1000'])
  onTestFinished(() => void other.kill())
  const gone = spawn('true')
  await once(gone, 'exit')
  const here = (pid?: number) => `${hostname()}-${pid}-abc`
  for (const name of [here(gone.pid), here(process.pid), here(other.pid), 'elsewhere-1-new', 'elsewhere-1-old'])
    await mkdir(join(folder, name, 'inner'), { recursive: true })
  await utimes(join(folder, 'elsewhere-1-old'), 0, 0)
  await newTools().tools.removeAbandoned()
  expect((await readdir(folder)).sort()).toEqual([here(other.pid), 'elsewhere-1-new'].sort())
})

test('programs that are missing are named once with their packages, and their work fails with that sentence', async () => {
  const { tools, warnings } = newTools([folder])
  tools.warnOfMissing()
  const runs = [1, 2].map(() => tools.run('ffmpeg', [], folder))
  for (const each of await Promise.allSettled(runs))
    expect(each).toMatchObject({ reason: { message: expect.stringContaining('apt-get install') } })
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain('ffmpeg libheif-examples poppler-utils')
})

test('a file that is read when the worker stops may be read later', async () => {
  const { tools } = newTools()
  await tools.inFolder('one', async (own) => {
    const endless = ['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc', '-f', 'null', '-']
    const run = tools.run('ffmpeg', endless, own).catch((error: unknown) => error)
    tools.stopRuns()
    expect(await run).toMatchObject({ message: 'the worker stopped' })
  })
})

test('a program whose result nobody wants any more ends, also when that was known before it began', async () => {
  const { tools } = newTools()
  await tools.inFolder('one', async (own) => {
    const endless = ['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc', '-f', 'null', '-']
    const later = new AbortController()
    const runs = [AbortSignal.abort(), later.signal].map((signal) => tools.run('ffmpeg', endless, own, { signal }))
    later.abort()
    for (const each of await Promise.allSettled(runs))
      expect(each).toMatchObject({ reason: { message: 'it is not wanted any more' } })
  })
})
