import { setTimeout as wait } from 'node:timers/promises'
import type { ChatClient } from './ChatServer.ts'

/** Gives messages their numbers, and knows which client has received which. */
export class DeliveryLedger {
  readonly #clients: ChatClient[]
  readonly #members = new Map<string, number>()
  readonly #chatOf: string[] = []
  #received = 0
  #expected = 0
  #wrong = 0
  onReceipt: (client: ChatClient, number: number) => void = () => undefined

  constructor(clients: ChatClient[]) {
    this.#clients = clients
    for (const client of clients) {
      this.#members.set(client.chat, (this.#members.get(client.chat) ?? 0) + 1)
      const seen = new SeenNumbers()
      client.received = (number) => this.#take(client, seen, number)
    }
  }

  get sent(): number {
    return this.#chatOf.length
  }

  get received(): number {
    return this.#received
  }

  /** The number of a message that this client is about to send. */
  next({ chat }: ChatClient): number {
    this.#expected += this.#members.get(chat)!
    return this.#chatOf.push(chat) - 1
  }

  /** Resolves when every member has received every message of its chat once. */
  async complete(timeoutMs: number): Promise<void> {
    for (const end = performance.now() + timeoutMs; this.#received < this.#expected && performance.now() < end;)
      await wait(10)
    const lost = this.#clients.filter((client) => client.lost).length
    if (this.#received !== this.#expected || this.#wrong || lost)
      throw new Error(
        `${this.#received} of ${this.#expected} deliveries arrived, ${this.#wrong} were repeated or not for their receiver, and ${lost} connections were lost`,
      )
  }

  #take(client: ChatClient, seen: SeenNumbers, number: number): void {
    if (this.#chatOf[number] !== client.chat || !seen.add(number)) {
      this.#wrong += 1
      return
    }
    this.#received += 1
    this.onReceipt(client, number)
  }
}

/** A set of small numbers that costs a byte each. */
class SeenNumbers {
  #seen = new Uint8Array(1_024)

  /** Returns false for a number that was added before. */
  add(number: number): boolean {
    if (number >= this.#seen.length) {
      const larger = new Uint8Array(Math.max(number + 1, this.#seen.length * 2))
      larger.set(this.#seen)
      this.#seen = larger
    }
    if (this.#seen[number]) return false
    this.#seen[number] = 1
    return true
  }
}
