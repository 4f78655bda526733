import { spawnSync } from 'node:child_process'
import { reason, CommandError } from '../cli/errors.ts'

/** A worker is cached only after it has done what a node asks first. */
export async function prove(binary: string) {
  const { createWorker } = await import('mediasoup')
  try {
    const worker = await createWorker({ workerBin: binary, logLevel: 'none' })
    await worker.getResourceUsage()
    worker.close()
  } catch (error) {
    throw new CommandError(`The media worker was made, and mediasoup cannot start it: ${reason(error)}.`)
  }
  // SRTP on NSS works at twice the CPU cost, so nothing else would reveal it.
  const { stdout } = spawnSync('ldd', [binary], { encoding: 'utf8' })
  if (/libnss3/.test(stdout ?? '')) throw new CommandError('The media worker was built on NSS instead of OpenSSL.')
}
