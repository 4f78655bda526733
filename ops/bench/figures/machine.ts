import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { postgresVersion } from '../../cli/parts/postgres.ts'

export type Machine = {
  cores: number
  processor: string
  memoryGb: number
  kernel: string
  node: string
  postgres: string
}

/** What the figures depend on, without naming the machine. */
export function machine(): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release().split('-')[0]!,
    node: process.version,
    postgres: postgresVersion(),
  }
}
