import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { clientAddressHeader, clientAddressText } from '@veche/shared/nodes'
import type { Env } from '../env.ts'

/** Where the browser is. Behind the API it is what the API says and proves with the node's key; everybody else may say what they like. */
export function clientAddress({ SFU_KEY }: Env, req: IncomingMessage): string {
  const direct = req.socket.remoteAddress ?? ''
  const [address, ...proofs] = String(req.headers[clientAddressHeader] ?? '').split(' ')
  if (!address) return direct
  const text = clientAddressText(address, req.headers['sec-websocket-key'])
  const expected = createHmac('sha256', Buffer.from(SFU_KEY, 'hex')).update(text).digest()
  return proofs.some((proof) => isEqual(Buffer.from(proof, 'base64url'), expected)) ? address : direct
}

function isEqual(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}
