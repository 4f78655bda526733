import { PassThrough, type Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { AwsV4Signer } from 'aws4fetch'
import { type Dispatcher, Pool } from 'undici'
import { bucketUrl, type S3Settings } from '../../env.ts'
import type { Logger } from '../../platform/logger.ts'
import { textOf } from './s3-xml.ts'
import { unavailable } from './storage-errors.ts'

export type S3Request = {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Without the prefix of this installation; empty for the bucket itself. */
  key: string
  query?: Record<string, string>
  headers?: Record<string, string>
  /** Made anew when the request is sent again. */
  body?: { stream: () => Readable | Buffer; size: number; sha256: string }
  /** S3 takes long to answer, also to a request without many bytes. */
  isLong?: boolean
}
export type S3Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: Readable }

/** What S3 says of a request that it understood and refused, such as `NoSuchKey`. */
export class S3Refused extends Error {
  readonly code: string
  readonly status: number
  constructor(status: number, code: string) {
    super(`S3 answered ${status} ${code}`)
    this.status = status
    this.code = code
  }
}

export type S3Times = { connectMs: number; answerMs: number; longAnswerMs: number; silenceMs: number }

/** S3 may take a while to put the parts of a large file together. */
export const s3Times: S3Times = { connectMs: 3_000, answerMs: 10_000, longAnswerMs: 60_000, silenceMs: 20_000 }
/** A slower connection than 2 Mbit/s cannot serve files: a body may take as long as it takes there. */
const slowestBytesPerMs = 250

/** Uploads and small requests, and downloads, which may take as long as their readers like and must not hold up the others. */
const connections = { calls: 24, downloads: 256 }
const retryDelayMs = 200

/** Signed requests to the one endpoint of the settings, over a bounded number of connections. No other host is ever asked. */
export class S3Client {
  readonly #settings: S3Settings
  readonly #log: Logger
  readonly #times: S3Times
  readonly #base: URL
  readonly #calls: Pool
  readonly #downloads: Pool
  /** The keys that signatures are made with, for each day. */
  readonly #signingKeys = new Map<string, ArrayBuffer>()
  #isAway = false

  constructor(settings: S3Settings, log: Logger, times = s3Times) {
    this.#settings = settings
    this.#log = log
    this.#times = times
    this.#base = bucketUrl(settings)
    const options = { connect: { timeout: times.connectMs }, headersTimeout: 0, bodyTimeout: times.silenceMs }
    this.#calls = new Pool(this.#base.origin, { ...options, connections: connections.calls })
    this.#downloads = new Pool(this.#base.origin, { ...options, connections: connections.downloads })
  }

  /** S3 did not answer the last request. */
  get isAway(): boolean {
    return this.#isAway
  }

  /** The whole answer as text. Throws `S3Refused`, or `file.unavailable`. */
  async ask(request: S3Request): Promise<{ text: string; headers: S3Answer['headers'] }> {
    const { body, headers } = await this.#send(this.#calls, request)
    return { text: await this.#textOf(body), headers }
  }

  /** The body as it comes. Whoever gets it must read or destroy it. If it breaks off, it fails with `file.unavailable`. */
  async open(request: S3Request): Promise<Readable> {
    const { body } = await this.#send(this.#downloads, request)
    const read = new PassThrough()
    // It may break off before anybody reads it, which must not end the process: the reader is told when it begins.
    read.on('error', () => undefined)
    body.once('error', (error) => read.destroy(unavailable(error)))
    read.once('close', () => body.destroy())
    return body.pipe(read)
  }

  /** One page of what is in the bucket under our prefix. */
  async list(query: Record<string, string>, beginning: string): Promise<string> {
    const prefix = this.#settings.prefix + beginning
    return (await this.ask({ method: 'GET', key: '', query: { ...query, prefix } })).text
  }

  /** Null when the key is not of this installation. */
  ownKey(key: string): string | null {
    const { prefix } = this.#settings
    return key.startsWith(prefix) ? key.slice(prefix.length) : null
  }

  /** An address of S3 that opens without keys. Requests within the same half minute get the same, so that it can be cached. */
  async presign(key: string, query: Record<string, string>, now: number): Promise<string> {
    const url = this.#urlOf(key, { ...query, 'X-Amz-Expires': '60' })
    const at = new Date(Math.floor(now / 30_000) * 30_000)
    const signed = await this.#signer({ method: 'GET', url, signQuery: true, datetime: amzDate(at) }).sign()
    return spaced(signed.url)
  }

  async close(): Promise<void> {
    await Promise.all([this.#calls.destroy(), this.#downloads.destroy()])
  }

  /** A connection that S3 has closed meanwhile, and an error of its own, are tried once more. */
  async #send(pool: Pool, request: S3Request): Promise<S3Answer> {
    try {
      const answer = await this.#attempt(pool, request).catch(async (error: unknown) => {
        if (error instanceof S3Refused || isTimeout(error)) throw error
        await setTimeout(retryDelayMs)
        return this.#attempt(pool, request)
      })
      this.#noteAway(null)
      return answer
    } catch (error) {
      if (error instanceof S3Refused && !isFaultOfSettings(error)) {
        this.#noteAway(null)
        throw error
      }
      this.#noteAway(error)
      throw unavailable(error)
    }
  }

  async #attempt(pool: Pool, request: S3Request): Promise<S3Answer> {
    const { method, key, query = {}, body } = request
    const sha256 = body?.sha256 ?? emptySha256
    const given = { ...request.headers, 'x-amz-content-sha256': sha256 }
    const signed = await this.#signer({ method, url: this.#urlOf(key, query), headers: given }).sign()
    const stop = new AbortController()
    const { longAnswerMs, answerMs } = this.#times
    const timeoutMs = (request.isLong ? longAnswerMs : answerMs) + (body?.size ?? 0) / slowestBytesPerMs
    const timer = globalThis.setTimeout(() => stop.abort(timeoutError()), timeoutMs)
    try {
      const { pathname, search } = new URL(spaced(signed.url))
      const length = body ? { 'content-length': String(body.size) } : {}
      const answer = await pool.request({
        method,
        path: pathname + search,
        headers: { ...Object.fromEntries(signed.headers), ...length },
        signal: stop.signal,
        ...(body ? { body: body.stream() } : {}),
      })
      return await checked(answer)
    } finally {
      clearTimeout(timer)
    }
  }

  async #textOf(body: Readable): Promise<string> {
    try {
      let text = ''
      for await (const chunk of body) text += String(chunk)
      return text
    } catch (error) {
      this.#noteAway(error)
      throw unavailable(error)
    }
  }

  /** The log says it once. */
  #noteAway(error: unknown): void {
    if (error && !this.#isAway) this.#log.error({ err: error }, 'the storage of files does not answer')
    if (!error && this.#isAway) this.#log.info('the storage of files answers again')
    this.#isAway = Boolean(error)
  }

  #urlOf(key: string, query: Record<string, string>): string {
    const url = new URL(this.#base)
    if (key) url.pathname += `${url.pathname.endsWith('/') ? '' : '/'}${this.#settings.prefix}${key}`
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    return url.href
  }

  #signer(
    given: Pick<ConstructorParameters<typeof AwsV4Signer>[0], 'method' | 'url' | 'headers' | 'signQuery' | 'datetime'>,
  ) {
    const { accessKey, secretKey, region } = this.#settings
    return new AwsV4Signer({
      ...given,
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
      region,
      service: 's3',
      cache: this.#signingKeys,
    })
  }
}

const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** In the words of S3 a space in a query is `%20`. */
function spaced(url: URL): string {
  return url.origin + url.pathname + url.search.replaceAll('+', '%20')
}

function amzDate(at: Date): string {
  return at.toISOString().replace(/[:-]|\.\d{3}/g, '')
}

async function checked({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<S3Answer> {
  if (statusCode < 300) return { status: statusCode, headers, body }
  const text = await body.text()
  const code = textOf(text, 'Code') ?? 'none'
  if (statusCode >= 500 || statusCode === 429) throw new Error(`S3 answered ${statusCode} ${code}`)
  throw new S3Refused(statusCode, code)
}

/** Wrong keys, a bucket that is not there, a clock that is wrong: only the operator can help, and nothing is lost meanwhile. */
function isFaultOfSettings({ status, code }: S3Refused): boolean {
  return status === 401 || status === 403 || status < 400 || code === 'NoSuchBucket'
}

function timeoutError(): Error {
  return Object.assign(new Error('S3 took too long'), { code: 'S3_TIMEOUT' })
}

function isTimeout(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? ''
  return code === 'S3_TIMEOUT' || code === 'UND_ERR_CONNECT_TIMEOUT'
}
