import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Figure } from '../figures/figure.ts'
import { quantile } from '../figures/quantile.ts'

const pages = 300

/** The time of a commit's disk flush: eight kilobytes appended and synced on the disk of the database. */
export function measureDisk(folder: string): Figure[] {
  const file = openSync(join(folder, 'flush'), 'w')
  const page = Buffer.alloc(8_192, 7)
  const times = Array.from({ length: pages }, () => {
    const start = performance.now()
    writeSync(file, page)
    fdatasyncSync(file)
    return performance.now() - start
  }).sort((a, b) => a - b)
  closeSync(file)
  return [
    { name: 'Disk flush, p50', unit: 'ms', values: [quantile(times, 0.5)] },
    { name: 'Disk flush, p99', unit: 'ms', values: [quantile(times, 0.99)] },
  ]
}
