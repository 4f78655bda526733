import type { Socket } from 'node:net'
import { addressKey } from '@veche/shared/addresses/address-key'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

export type KeptAnswerLimits = {
  /** Every reader has this time, and more by the size of what it reads. */
  graceMs: number
  minBytesPerSecond: number
  /** Of all answers together. */
  maxBytes: number
}

/** Even a phone on a bad connection reads faster than this. */
export const keptAnswerLimits: KeptAnswerLimits = {
  graceMs: 30_000,
  minBytesPerSecond: 16_000,
  maxBytes: 128_000_000,
}

/** Smaller answers fit into the buffers of the socket. */
const smallBytes = 16_000

/**
 * Bounds the memory of answers that wait for their readers. An answer in one piece is kept whole until its last byte is taken, so its
 * reader must be done in time. A stream keeps a few chunks only, and may last as long as its reader keeps reading.
 */
export function limitKeptAnswers(http: FastifyInstance, limits = keptAnswerLimits): void {
  const kept = new KeptAnswers(limits)
  http.addHook('onSend', async (req, reply, payload) => {
    if (typeof payload === 'string' || Buffer.isBuffer(payload)) kept.add(req, reply, Buffer.byteLength(payload))
    return payload
  })
}

type KeptAnswer = { socket: Socket; bytes: number }

class KeptAnswers {
  readonly #limits: KeptAnswerLimits
  /** The answers of each address, the oldest first. */
  readonly #byAddress = new Map<string, Set<KeptAnswer>>()
  /** Answers of one connection wait for each other. */
  readonly #bytesOnSocket = new WeakMap<Socket, number>()
  #bytes = 0

  constructor(limits: KeptAnswerLimits) {
    this.#limits = limits
  }

  add({ ip, raw: { socket } }: FastifyRequest, { raw }: FastifyReply, bytes: number): void {
    if (bytes <= smallBytes || socket.destroyed || raw.destroyed) return
    const key = addressKey(ip)
    const answer = { socket, bytes }
    this.#byAddress.set(key, (this.#byAddress.get(key) ?? new Set()).add(answer))
    this.#count(answer, bytes)
    const timer = setTimeout(() => socket.destroy(), this.#timeoutMs(socket))
    raw.once('close', () => {
      clearTimeout(timer)
      this.#remove(key, answer)
    })
    while (this.#bytes > this.#limits.maxBytes) this.#cutOldest(this.#busiestAddress())
  }

  #timeoutMs(socket: Socket): number {
    const { graceMs, minBytesPerSecond } = this.#limits
    return graceMs + ((this.#bytesOnSocket.get(socket) ?? 0) / minBytesPerSecond) * 1000
  }

  #busiestAddress(): string {
    let busiest = ''
    let most = 0
    for (const [key, answers] of this.#byAddress) {
      const bytes = [...answers].reduce((sum, one) => sum + one.bytes, 0)
      if (bytes > most) [busiest, most] = [key, bytes]
    }
    return busiest
  }

  #cutOldest(key: string): void {
    const [oldest] = this.#byAddress.get(key) ?? []
    if (!oldest) return
    oldest.socket.destroy()
    this.#remove(key, oldest)
  }

  #remove(key: string, answer: KeptAnswer): void {
    const answers = this.#byAddress.get(key)
    if (!answers?.delete(answer)) return
    if (answers.size === 0) this.#byAddress.delete(key)
    this.#count(answer, -answer.bytes)
  }

  #count({ socket }: KeptAnswer, bytes: number): void {
    this.#bytes += bytes
    this.#bytesOnSocket.set(socket, (this.#bytesOnSocket.get(socket) ?? 0) + bytes)
  }
}
