import type { IncomingMessage } from 'node:http'

const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via']

/** A proxy on this machine comes from loopback as well, and a page elsewhere may use a name that points here. */
export function isFromThisMachine(req: IncomingMessage): boolean {
  const address = req.socket.remoteAddress ?? ''
  const name = (req.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
  return (
    /^(::1|127\.\d+\.\d+\.\d+|::ffff:127\.\d+\.\d+\.\d+)$/.test(address) &&
    /^(localhost|127\.0\.0\.1|\[::1\])$/.test(name) &&
    proxyHeaders.every((header) => req.headers[header] === undefined)
  )
}
