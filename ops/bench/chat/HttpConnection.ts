import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

type Waiting = { text: string; resolve: (answer: Answer) => void; reject: (error: Error) => void }

export type Answer = { status: number; bytes: number; body: () => string }

const gone = new Error('the connection was lost')

/**
 * One HTTP connection to the API with one request at a time. It costs very little CPU, which leaves the cores to
 * the server that is measured.
 */
export class HttpConnection {
  readonly #socket: Socket
  readonly #port: number
  /** The first request was sent; the others wait for its answer. */
  #waiting: Waiting[] = []
  #chunks: Buffer[] = []
  #over = false

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const line = new HttpConnection(socket, port)
    await once(socket, 'connect')
    return line
  }

  private constructor(socket: Socket, port: number) {
    this.#socket = socket
    this.#port = port
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('error', () => undefined)
    socket.on('close', () => this.#end())
  }

  /** Sends a mutation as the app does. */
  change(path: string, cookie: string, input: unknown): Promise<Answer> {
    const body = JSON.stringify(input)
    const head = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nx-veche: 1\r\n`
    return this.#ask(`POST /api/trpc/${path} HTTP/1.1\r\n${this.#always(cookie)}${head}\r\n${body}`)
  }

  question(path: string, cookie: string, input: unknown): Promise<Answer> {
    const query = `input=${encodeURIComponent(JSON.stringify(input))}`
    return this.#ask(`GET /api/trpc/${path}?${query} HTTP/1.1\r\n${this.#always(cookie)}\r\n`)
  }

  close(): void {
    this.#socket.destroy()
  }

  #always(cookie: string): string {
    const origin = `http://127.0.0.1:${this.#port}`
    return `host: 127.0.0.1:${this.#port}\r\norigin: ${origin}\r\ncookie: ${cookie}\r\nuser-agent: bench\r\n`
  }

  #ask(text: string): Promise<Answer> {
    if (this.#over) return Promise.reject(gone)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject })
      if (this.#waiting.length === 1) this.#socket.write(text)
    })
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    const whole = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    const answer = readAnswer(whole)
    if (!answer) return
    this.#chunks = []
    this.#waiting.shift()?.resolve(answer)
    const [next] = this.#waiting
    if (next) this.#socket.write(next.text)
  }

  #end(): void {
    this.#over = true
    for (const { reject } of this.#waiting.splice(0)) reject(gone)
  }
}

/** Undefined while the answer is incomplete. */
function readAnswer(whole: Buffer): Answer | undefined {
  const headEnd = whole.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = whole.toString('latin1', 0, headEnd).toLowerCase()
  const status = Number(head.slice(9, 12))
  const rest = whole.subarray(headEnd + 4)
  const length = /content-length: (\d+)/.exec(head)?.[1]
  if (length !== undefined) {
    if (rest.length < Number(length)) return undefined
    return { status, bytes: whole.length, body: () => rest.toString() }
  }
  if (rest.toString('latin1', Math.max(0, rest.length - 5)) !== '0\r\n\r\n') return undefined
  return { status, bytes: whole.length, body: () => unchunked(rest) }
}

function unchunked(rest: Buffer): string {
  const parts: Buffer[] = []
  for (let at = 0; ;) {
    const lineEnd = rest.indexOf('\r\n', at)
    const size = Number.parseInt(rest.toString('latin1', at, lineEnd), 16)
    if (!size) return Buffer.concat(parts).toString()
    parts.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}
