import { expect, test } from 'vitest'
import { readPicked, requireDeviceRoom, sendableName } from './prepared-file.ts'

const unreadable = (name: string) => {
  const failure = () => Promise.reject(new DOMException('gone', name))
  return Object.assign(new File(['bytes'], 'a.txt'), { slice: () => ({ arrayBuffer: failure }) })
}

test.each(['NotReadableError', 'NotFoundError'])(
  'a file that the browser cannot read any more (%s) is refused',
  async (name) => {
    await expect(readPicked(unreadable(name), async () => 'read')).rejects.toMatchObject({ code: 'file.unreadable' })
    const later = readPicked(new File(['bytes'], 'a.txt'), () => Promise.reject(new DOMException('gone', name)))
    await expect(later).rejects.toMatchObject({ code: 'file.unreadable' })
    expect(await readPicked(new File([], 'empty'), async ({ size }) => size)).toBe(0)
  },
)

test('a file that is shorter than when it was picked is refused, although the browser reads what is left of it', async () => {
  const left = new Blob(['by'])
  const shorter = Object.assign(new File(['bytes'], 'a.txt'), { slice: left.slice.bind(left) })
  await expect(readPicked(shorter, async () => 'read')).rejects.toMatchObject({ code: 'file.unreadable' })
})

test('a name keeps its ending when it is cut to the length that the server takes, and one that nobody can see is replaced', () => {
  expect(sendableName('отчёт.pdf')).toBe('отчёт.pdf')
  expect(sendableName(`${'ж'.repeat(300)}.docx`)).toBe(`${'ж'.repeat(250)}.docx`)
  expect([...sendableName('👍'.repeat(300))]).toHaveLength(255)
  expect(sendableName('\u202E\u200B')).toBe('file')
})

test('files are refused for which the browser has too little room, and taken when it does not say how much it has', async () => {
  const files = [{ bytes: new Blob(['x'.repeat(100)]) }]
  const storage = (quota: number, usage: number) => ({ estimate: async () => ({ quota, usage }) })
  await expect(requireDeviceRoom(files, storage(1000, 900))).rejects.toMatchObject({ code: 'file.device_full' })
  await requireDeviceRoom(files, storage(1000, 800))
  await requireDeviceRoom(files, undefined)
  await requireDeviceRoom(files, { estimate: () => Promise.reject(new Error('no')) })
})
