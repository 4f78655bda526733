import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { newFolder } from '../test/folder.ts'
import { takeLock } from './lock.ts'

test('a lock is held once, and is free after its release', () => {
  const file = join(newFolder(), 'lock')
  const lock = takeLock(file)
  expect(takeLock(file)).toBeUndefined()
  lock!.release()
  const again = takeLock(file)
  expect(again).toBeDefined()
  again!.release()
})

test('a lock ends with its process, also when that is killed', async () => {
  const file = join(newFolder(), 'lock')
  const code = `const { takeLock } = await import(process.argv[1]); takeLock(process.argv[2]); console.log('held'); setInterval(() => {}, 1e6)`
  const holder = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    code,
    join(import.meta.dirname, 'lock.ts'),
    file,
  ])
  onTestFinished(() => void holder.kill('SIGKILL'))
  await once(holder.stdout, 'data')
  expect(takeLock(file)).toBeUndefined()
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  const lock = takeLock(file)
  expect(lock).toBeDefined()
  lock!.release()
})
