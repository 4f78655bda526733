import { setTimeout as wait } from 'node:timers/promises'
import { type CpuUse, startCpuMeter } from '../figures/cpu-meter.ts'
import type { ChatClient, ChatServer } from './ChatServer.ts'
import type { DeliveryLedger } from './DeliveryLedger.ts'

export type SteadyStreamOptions = {
  server: ChatServer
  clients: ChatClient[]
  ledger: DeliveryLedger
  perSecond: number
  seconds: number
  /** The first clients of the list write in turns. */
  writers: number
}

export type SteadyStreamRound = {
  /** Milliseconds from sending to each receiver, the writer too, in ascending order. */
  delays: Float64Array
  /** Milliseconds until the acknowledgement, in ascending order. */
  acks: Float64Array
  cpu: CpuUse
  bytesPerDelivery: number
  /** The ten slowest messages: when in the round they were sent, and their slowest delivery. */
  slowest: { atSeconds: number; delayMs: number }[]
}

/** A message every so often, whether the last one has arrived or not. */
export async function runSteadyStream(options: SteadyStreamOptions): Promise<SteadyStreamRound> {
  const { server, clients, ledger, perSecond, seconds } = options
  const total = Math.round(perSecond * seconds)
  const first = ledger.sent
  const sentAt = new Float64Array(total)
  const worst = new Float64Array(total)
  const acks = new Float64Array(total)
  const delays = new Float64Array(total * clients.length)
  let count = 0
  ledger.onReceipt = (_, number) => {
    const delay = performance.now() - sentAt[number - first]!
    delays[count++] = delay
    worst[number - first] = delay
  }
  const bytesBefore = bytesReceived(clients)
  const cpuUse = startCpuMeter(server.processes)
  const start = performance.now()
  const answers: Promise<void>[] = []
  for (let at = 0; at < total; at += 1) {
    await wait(Math.max(0, start + (at * 1_000) / perSecond - performance.now()))
    const writer = clients[at % options.writers]!
    const number = ledger.next(writer)
    const begun = (sentAt[at] = performance.now())
    const answer = writer.send(number, words).then(() => void (acks[at] = performance.now() - begun))
    answers.push(answer)
    // A refusal is thrown below, when all have been sent.
    answer.catch(() => undefined)
  }
  await Promise.all(answers)
  await ledger.complete(30_000)
  const cpu = cpuUse()
  const bytesPerDelivery = (bytesReceived(clients) - bytesBefore) / count
  ledger.onReceipt = () => undefined
  const slowest = Array.from(worst, (delayMs, at) => ({ atSeconds: (sentAt[at]! - start) / 1_000, delayMs }))
    .sort((a, b) => b.delayMs - a.delayMs)
    .slice(0, 10)
  return { delays: delays.sort(), acks: acks.sort(), cpu, bytesPerDelivery, slowest }
}

const words = 'about eighty letters, as people write when they are not in a hurry at all'

function bytesReceived(clients: ChatClient[]): number {
  return clients.reduce((sum, client) => sum + client.bytesReceived, 0)
}
