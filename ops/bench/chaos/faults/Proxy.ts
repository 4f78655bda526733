import { Agent, createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { ClientId } from '@veche/shared/ids'
import type { Random } from '../Random.ts'
import { committedSends } from './committed-sends.ts'

type Answer = { status: number; headers: IncomingMessage['headers']; body: Buffer }
type Pair = { client: Socket; server: Socket }

const cutBefore = 0.02
const dropAfter = 0.04
const slowed = 0.05

/**
 * A bad network between people and servers. The first answer that acknowledges a message never arrives, so
 * each message is sent at least twice; requests are cut before they reach a server and after it has acted.
 */
export class Proxy {
  /** No more faults from here on, except for those first answers. */
  isCalm = false
  readonly counts = {
    requests: 0,
    'first answers dropped': 0,
    'answers dropped': 0,
    'requests cut': 0,
    'sockets cut': 0,
  }
  readonly #server: Server
  readonly #upstreams: () => number[]
  readonly #random: Random
  readonly #agent = new Agent({ keepAlive: true })
  readonly #told = new Set<ClientId>()
  readonly #pairs = new Set<Pair>()

  static async open(port: number, upstreams: () => number[], random: Random): Promise<Proxy> {
    const proxy = new Proxy(upstreams, random)
    proxy.#server.listen(port, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  private constructor(upstreams: () => number[], random: Random) {
    this.#upstreams = upstreams
    this.#random = random
    this.#server = createServer((req, res) => {
      this.#pass(req, res).catch(() => req.socket.destroy())
    })
    this.#server.on('upgrade', (req: IncomingMessage, client: Socket, head: Buffer) => this.#join(req, client, head))
  }

  /** Some sockets fall silent first, as in a lift, and close after `silentMs`. */
  async cutSockets(part: number, silentMs: number): Promise<void> {
    const chosen = [...this.#pairs].filter(() => this.#random.chance(part))
    this.counts['sockets cut'] += chosen.length
    for (const { client, server } of chosen) {
      client.unpipe(server).pause()
      server.unpipe(client).pause()
    }
    await wait(silentMs)
    for (const pair of chosen) this.#part(pair)
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) this.#part(pair)
    this.#server.closeAllConnections()
    this.#agent.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #pass(req: IncomingMessage, res: ServerResponse): Promise<void> {
    this.counts.requests += 1
    const body = Buffer.concat(await req.toArray())
    const random = this.#random
    if (!this.isCalm && random.chance(cutBefore)) return this.#cut(req, 'requests cut')
    const answer = await this.#forward(req, body)
    if (!answer) return void res.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>')
    if (!this.isCalm && random.chance(slowed)) await wait(random.between(20, 400))
    const fresh = committedSends(req.url ?? '', body, answer.body).filter((id) => !this.#told.has(id))
    for (const id of fresh) this.#told.add(id)
    if (fresh.length > 0) return this.#cut(req, 'first answers dropped')
    if (!this.isCalm && random.chance(dropAfter)) return this.#cut(req, 'answers dropped')
    res.writeHead(answer.status, answer.headers).end(answer.body)
  }

  #cut(req: IncomingMessage, as: keyof Proxy['counts']): void {
    this.counts[as] += 1
    req.socket.destroy()
  }

  /** Passes the request to any server that accepts it. A server that dies meanwhile leaves the request unanswered. */
  async #forward(req: IncomingMessage, body: Buffer): Promise<Answer | undefined> {
    for (const port of this.#random.shuffled(this.#upstreams())) {
      try {
        return await this.#ask(port, req, body)
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')) throw error
      }
    }
    return undefined
  }

  async #ask(port: number, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    const asked = request({ host: '127.0.0.1', port, method, path: url, headers, agent: this.#agent })
    asked.end(body)
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const { 'transfer-encoding': _, ...rest } = answer.headers
    return { status: answer.statusCode ?? 502, headers: rest, body: Buffer.concat(await answer.toArray()) }
  }

  #join(req: IncomingMessage, client: Socket, head: Buffer): void {
    const port = this.#random.pick(this.#upstreams())
    client.on('error', () => client.destroy())
    if (!port) return void client.destroy()
    const server = connect({ port, host: '127.0.0.1', noDelay: true })
    client.setNoDelay(true)
    const pair = { client, server }
    this.#pairs.add(pair)
    for (const socket of [client, server])
      socket.on('close', () => this.#part(pair)).on('error', () => this.#part(pair))
    server.once('connect', () => {
      const lines = [`GET ${req.url} HTTP/1.1`]
      for (let at = 0; at < req.rawHeaders.length; at += 2)
        lines.push(`${req.rawHeaders[at]}: ${req.rawHeaders[at + 1]}`)
      server.write(`${lines.join('\r\n')}\r\n\r\n`)
      server.write(head)
      client.pipe(server).pipe(client)
    })
  }

  #part(pair: Pair): void {
    this.#pairs.delete(pair)
    pair.client.destroy()
    pair.server.destroy()
  }
}
