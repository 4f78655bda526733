import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type FrontOptions = { secure: boolean; serviceWorker?: boolean }

/**
 * A proxy before an installation. The policy of the pages gets 'unsafe-eval' there, because the drivers of some browsers cannot isolate
 * the scripts of tests and evaluate them in the page itself. Everything else of the policy stays.
 */
export class FrontProxy {
  readonly #server: Server
  readonly #target: URL
  readonly #serviceWorker: boolean

  private constructor(server: Server, target: string, serviceWorker: boolean) {
    this.#server = server
    this.#serviceWorker = serviceWorker
    this.#target = new URL(target)
    server.on('request', (incoming, answer) => this.#forward(incoming, answer))
    server.on('upgrade', (incoming, socket, head) => this.#upgrade(incoming, socket, head))
  }

  /**
   * Listens on a port of localhost, with a certificate of its own when it is to be reached by https. The service worker, which fetches
   * the whole app, can be refused.
   */
  static async open(port: number, target: string, { secure, serviceWorker = true }: FrontOptions): Promise<FrontProxy> {
    const server = secure ? createSecureServer(newCertificate()) : createServer()
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return new FrontProxy(server, target, serviceWorker)
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #request(incoming: IncomingMessage) {
    const { method, url, headers } = incoming
    return request(new URL(url ?? '/', this.#target), { method, headers: { ...headers, ...this.#origin(headers) } })
  }

  /** By http the target is an address of its own, and knows pages of this one alone. */
  #origin({ origin }: IncomingMessage['headers']): { origin?: string } {
    return origin?.startsWith('http:') ? { origin: this.#target.origin } : {}
  }

  #forward(incoming: IncomingMessage, answer: ServerResponse): void {
    const isForWorker = incoming.headers['service-worker'] === 'script'
    if (isForWorker && !this.#serviceWorker) return void answer.writeHead(404).end()
    const outgoing = this.#request(incoming)
    outgoing.on('response', (from) => {
      const policy = from.headers['content-security-policy']
      if (policy)
        from.headers['content-security-policy'] = String(policy).replace('script-src', "script-src 'unsafe-eval'")
      answer.writeHead(from.statusCode ?? 502, from.headers)
      from.pipe(answer)
    })
    outgoing.on('error', () => answer.destroy())
    incoming.pipe(outgoing)
  }

  #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    const outgoing = this.#request(incoming)
    const end = () => [socket, outgoing].forEach((each) => each.destroy())
    socket.on('error', end)
    outgoing.on('error', end)
    outgoing.on('response', end)
    outgoing.on('upgrade', (from, other, first) => {
      const lines = [`HTTP/1.1 101 Switching Protocols`]
      for (let at = 0; at < from.rawHeaders.length; at += 2)
        lines.push(`${from.rawHeaders[at]}: ${from.rawHeaders[at + 1]}`)
      socket.write(`${lines.join('\r\n')}\r\n\r\n`)
      if (first.length > 0) socket.write(first)
      if (head.length > 0) other.write(head)
      other.on('error', end).on('close', end)
      socket.on('close', () => other.destroy())
      socket.pipe(other).pipe(socket)
    })
    outgoing.end()
  }
}

function newCertificate(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'veche-e2e-certificate-'))
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
    execFileSync('openssl', ['req', ...kind, ...name, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    return { key: readFileSync(key), cert: readFileSync(cert) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
