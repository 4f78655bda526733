import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import type { S3Settings } from '../../env.ts'
import { S3Client } from '../../files/storage/S3Client.ts'
import { listObjects, listUploads } from '../../files/storage/s3-lists.ts'
import { afterFile } from '../cleanup.ts'

const python = '/usr/bin/python3'
const script = fileURLToPath(new URL('swift-server.py', import.meta.url))

/** A real S3 server of its own for a test file: Swift, in a folder that is removed afterwards. */
export class SwiftServer {
  readonly #folder: string
  #child: ChildProcess | undefined
  #port = 0

  static async start(): Promise<SwiftServer> {
    const server = new SwiftServer(mkdtempSync(join(tmpdir(), 'veche-swift-')))
    afterFile(() => server.#remove())
    await server.comeBack()
    await server.#withClient((client) => client.ask({ method: 'PUT', key: '' }))
    return server
  }

  private constructor(folder: string) {
    this.#folder = folder
  }

  get environment(): Record<string, string> {
    const { endpoint, region, bucket, accessKey, secretKey } = this.settings()
    return {
      S3_ENDPOINT: endpoint,
      S3_REGION: region,
      S3_BUCKET: bucket,
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
    }
  }

  settings(prefix = 'main/'): S3Settings {
    const endpoint = `http://127.0.0.1:${this.#port}`
    const keys = { accessKey: 'test:tester', secretKey: 'testing' }
    return { endpoint, region: 'us-east-1', bucket: 'veche', prefix, addressing: 'path', ...keys }
  }

  /** What there is under keys with this beginning: objects, and uploads in parts that are not complete. */
  keys(beginning: string): Promise<{ objects: string[]; uploads: string[] }> {
    return this.#withClient(async (client) => {
      const found = { objects: [] as string[], uploads: [] as string[] }
      for await (const { key } of listObjects(client, beginning)) found.objects.push(key)
      for await (const { key } of listUploads(client, beginning)) found.uploads.push(key)
      return found
    })
  }

  /** With all that it had, on the port that it had. */
  async comeBack(): Promise<void> {
    const child = spawn(python, [script, this.#folder, String(this.#port)], {
      stdio: ['pipe', 'pipe', process.env['TEST_LOG_LEVEL'] ? 'inherit' : 'ignore'],
    })
    this.#child = child
    const gone = once(child, 'exit').then(() => {
      throw new Error('Swift has not started: apt-get install python3-swift')
    })
    const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), gone])) as [string]
    gone.catch(() => undefined)
    this.#port = Number(/^ready (\d+)/.exec(line)?.[1])
  }

  /** Connections are refused. */
  async die(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  /** Connections are taken, and nothing is answered. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  /** It answers 503. */
  takeDisk(): void {
    renameSync(join(this.#folder, 'devices'), join(this.#folder, 'taken'))
  }

  giveDiskBack(): void {
    rmSync(join(this.#folder, 'devices'), { recursive: true, force: true })
    renameSync(join(this.#folder, 'taken'), join(this.#folder, 'devices'))
  }

  async #withClient<T>(run: (client: S3Client) => Promise<T>): Promise<T> {
    const client = new S3Client(this.settings(), pino({ level: 'silent' }))
    try {
      return await run(client)
    } finally {
      await client.close()
    }
  }

  async #remove(): Promise<void> {
    await this.die()
    if (existsSync(this.#folder)) rmSync(this.#folder, { recursive: true, force: true })
  }
}
