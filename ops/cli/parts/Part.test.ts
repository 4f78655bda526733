import { expect, onTestFinished, test } from 'vitest'
import { isAlive, startChild } from '../child.ts'
import { Part } from './Part.ts'

function sleeper() {
  const started: number[] = []
  const heard: (() => void)[] = []
  const part = new Part(
    'sleeper',
    async () => {
      const child = startChild('sleep', ['1000'], { stdio: 'ignore', orphanSignal: 'TERM' })
      started.push(child.pid)
      return { child, stop: () => child.stop(['SIGTERM'], 5_000) }
    },
    () => heard.splice(0).forEach((tell) => tell()),
  )
  onTestFinished(() => part.stop())
  const nextStart = () => new Promise<void>((resolve) => heard.push(resolve))
  return { part, started, nextStart }
}

test('a part that dies is started again', async () => {
  const { part, started, nextStart } = sleeper()
  await part.start()
  await part.keepAlive()
  const again = nextStart()
  process.kill(part.pid, 'SIGKILL')
  await again
  expect(started).toHaveLength(2)
  expect(isAlive(part.pid)).toBe(true)
})

test('a part that is stopped stays stopped', async () => {
  const { part, started } = sleeper()
  await part.start()
  await part.keepAlive()
  await part.stop()
  expect(isAlive(started[0]!)).toBe(false)
  expect(started).toHaveLength(1)
})

test('stopping a part ends the pause before its next start', async () => {
  const { part, started } = sleeper()
  const { child } = await part.start()
  await part.keepAlive()
  process.kill(child.pid, 'SIGKILL')
  await child.exited
  await part.stop()
  expect(started).toHaveLength(1)
})
