import { spawnSync } from 'node:child_process'
import { reason, Trouble } from '../cli/trouble.ts'

/** Before a worker is kept, it has to do what a node will ask of it first. */
export async function prove(binary: string) {
  const { createWorker } = await import('mediasoup')
  try {
    const worker = await createWorker({ workerBin: binary, logLevel: 'none' })
    await worker.getResourceUsage()
    worker.close()
  } catch (error) {
    throw new Trouble(`The media worker was made, and mediasoup cannot start it: ${reason(error)}.`)
  }
  // SRTP on NSS works, at twice the processor time: that it came in would be noticed by nobody.
  const { stdout } = spawnSync('ldd', [binary], { encoding: 'utf8' })
  if (/libnss3/.test(stdout ?? '')) throw new Trouble('The media worker was built on NSS instead of OpenSSL.')
}
