import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeliveryLedger } from '../beside/DeliveryLedger.ts'
import { runSteadyStream } from '../beside/steady-stream.ts'
import { VecheServer } from '../beside/VecheServer.ts'
import { memoryMb } from '../figures/processes.ts'
import { BenchInstallation } from '../installation/BenchInstallation.ts'

export type Soak = {
  /** Of the API, after each minute. */
  memoryMb: number[]
  /** 999 of 1,000 timers of the API were at most so late, without the time that it waited for a core. */
  ownDelayMs: number
  /** Milliseconds of the slowest delivery of each minute. */
  slowestMs: number[]
}

const loopDelays = import.meta.resolve('./loop-delays.ts')

/** One chat of 200, all connected, in which 20 of them write 20 messages a second, for so many minutes. */
export async function measureSoak(minutes: number): Promise<Soak> {
  // The folder of the installation is known only after its processes have been given their settings.
  const file = join(tmpdir(), `veche-loop-delays-${process.pid}`)
  const env = { LOOP_DELAYS: file, NODE_OPTIONS: `--import=${loopDelays}` }
  const installation = await BenchInstallation.open({ apis: 1, worker: false, env })
  try {
    const server = new VecheServer(installation)
    const clients = await server.openClients({ chats: 1, membersEach: 200, title: 'Square' })
    const stream = { server, clients, ledger: new DeliveryLedger(clients), perSecond: 20, writers: 20 }
    // The first seconds compile the code of the API.
    await runSteadyStream({ ...stream, seconds: 10 })
    const soak: Soak = { memoryMb: [], ownDelayMs: 0, slowestMs: [] }
    for (let minute = 0; minute < minutes; minute += 1) {
      const { delays } = await runSteadyStream({ ...stream, seconds: 60 })
      soak.slowestMs.push(delays.at(-1)!)
      soak.memoryMb.push(memoryMb([server.processes.server]))
    }
    for (const client of clients) client.close()
    soak.ownDelayMs = quantileOfCounts(JSON.parse(readFileSync(file, 'utf8')) as number[], 0.999)
    return soak
  } catch (error) {
    console.error(installation.lastLines)
    throw error
  } finally {
    await installation.close()
    rmSync(file, { force: true })
  }
}

/** `counts[n]` samples had the value n. */
export function quantileOfCounts(counts: number[], share: number): number {
  const rank = counts.reduce((sum, count) => sum + count, 0) * share
  let seen = 0
  return counts.findIndex((count) => (seen += count) >= rank)
}
