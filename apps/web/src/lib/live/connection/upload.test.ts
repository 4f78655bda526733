import { expect, test } from 'vitest'
import { toAppError } from './upload.ts'

const blob = (failure?: DOMException) => {
  const read = () => (failure ? Promise.reject(failure) : Promise.resolve(new ArrayBuffer(1)))
  return { size: 10, slice: () => ({ arrayBuffer: read }) } as unknown as Blob
}
const lost = new Error('tus: failed to upload chunk')

test('an upload that breaks off without an answer is tried again, unless its file cannot be read any more', async () => {
  expect((await toAppError(lost, blob())).code).toBe('network.unreachable')
  const changed = new DOMException('the file was changed', 'NotReadableError')
  expect((await toAppError(lost, blob(changed))).code).toBe('file.unreadable')
})
