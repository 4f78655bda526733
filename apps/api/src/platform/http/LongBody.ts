import type { IncomingMessage } from 'node:http'
import { Transform, type TransformCallback } from 'node:stream'
import { AppError } from '../../errors.ts'

export type BodyLimits = {
  maxBytes: number
  /** Within each of these times the sender sends at least `minBytes`. */
  windowMs: number
  minBytes: number
}

/** A phone on a bad line sends more than this. */
export const slowestSender = { windowMs: 10_000, minBytes: 10_000 }

/** The sender went away before the end of the body, so nobody waits for an answer. */
export class SenderGone extends Error {}

/**
 * The body of a request as it arrives, for routes whose bodies are too long to hold in memory. It fails when the sender sends too
 * much or too slowly, or is gone before the end; what reads it is never given the end of half a body.
 */
export class LongBody extends Transform {
  readonly #request: IncomingMessage
  readonly #limits: BodyLimits
  readonly #window: NodeJS.Timeout
  #bytes = 0
  #bytesInWindow = 0

  constructor(request: IncomingMessage, limits: BodyLimits) {
    super()
    this.#request = request
    this.#limits = limits
    this.#window = setInterval(() => this.#checkSpeed(), limits.windowMs)
    // An error that comes before anybody reads must not end the process. A reader gets it as well.
    this.on('error', () => undefined)
    request.once('error', () => this.destroy(new SenderGone()))
    request.once('close', () => {
      if (!request.complete) this.destroy(new SenderGone())
    })
    if (Number(request.headers['content-length'] ?? 0) > limits.maxBytes)
      this.destroy(new AppError('request.too_large'))
    else request.pipe(this)
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length
    this.#bytesInWindow += chunk.length
    if (this.#bytes > this.#limits.maxBytes) done(new AppError('request.too_large'))
    else done(null, chunk)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.#window)
    this.#request.unpipe(this)
    done(error)
  }

  /** While the reader of the body lags behind, the sender has to wait and is not slow. */
  #checkSpeed(): void {
    const isSlow = this.#bytesInWindow < this.#limits.minBytes && this.readableLength === 0 && !this.#request.complete
    this.#bytesInWindow = 0
    if (isSlow) this.destroy(new AppError('request.too_slow'))
  }
}
