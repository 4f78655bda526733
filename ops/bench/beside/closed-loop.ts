import { setTimeout as wait } from 'node:timers/promises'
import { type CpuUse, startCpuMeter } from '../figures/cpu-meter.ts'
import type { ChatClient, ChatServer } from './ChatServer.ts'
import type { DeliveryLedger } from './DeliveryLedger.ts'

export type ClosedLoopOptions = {
  server: ChatServer
  clients: ChatClient[]
  ledger: DeliveryLedger
  seconds: number
  /** Messages that are on their way at a time. */
  inFlight: number
}

export type ClosedLoopRound = {
  sent: number
  deliveries: number
  sendsPerSecond: number
  deliveriesPerSecond: number
  cpu: CpuUse
  /** Of one core. */
  clientShare: number
}

/** As many messages as fit. One is over when its writer has received it from the chat and has the acknowledgement. */
export async function runClosedLoop(options: ClosedLoopOptions): Promise<ClosedLoopRound> {
  const { server, clients, ledger, seconds, inFlight } = options
  const waiting = new Map<number, { writer: ChatClient; resolve: () => void }>()
  const [sentBefore, receivedBefore] = [ledger.sent, ledger.received]
  let lastReceipt = 0
  ledger.onReceipt = (client, number) => {
    lastReceipt = performance.now()
    const message = waiting.get(number)
    if (message?.writer !== client) return
    waiting.delete(number)
    message.resolve()
  }
  const cpuUse = startCpuMeter(server.processes)
  const start = performance.now()
  const end = start + seconds * 1_000
  let turn = 0
  const writeUntilTheEnd = async () => {
    while (performance.now() < end) {
      const writer = clients[turn++ % clients.length]!
      const number = ledger.next(writer)
      const back = new Promise<void>((resolve) => waiting.set(number, { writer, resolve }))
      await Promise.all([writer.send(number, words), back])
    }
  }
  const late = new AbortController()
  const stuck = wait(seconds * 1_000 + 30_000, undefined, { signal: late.signal }).then(() => {
    throw new Error(`${waiting.size} messages did not come back to their writers within 30 s`)
  })
  stuck.catch(() => undefined)
  await Promise.race([Promise.all(Array.from({ length: inFlight }, writeUntilTheEnd)), stuck]).finally(() =>
    late.abort(),
  )
  const tookSeconds = (performance.now() - start) / 1_000
  await ledger.complete(20_000)
  const cpu = cpuUse()
  ledger.onReceipt = () => undefined
  const [sent, deliveries] = [ledger.sent - sentBefore, ledger.received - receivedBefore]
  return {
    sent,
    deliveries,
    sendsPerSecond: sent / tookSeconds,
    deliveriesPerSecond: (deliveries * 1_000) / (lastReceipt - start),
    cpu,
    clientShare: cpu.client / tookSeconds,
  }
}

const words = 'the bell rings and people come'
