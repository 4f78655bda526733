import { isIPv6 } from 'node:net'

export type Endpoint = { address: string; port: number }

/** Addresses as STUN encodes them: family, port and address, XORed with a mask. */
export function writeAddress({ address, port }: Endpoint, mask: Buffer): Buffer {
  const bytes = addressBytes(address)
  const head = Buffer.from([0, bytes.length === 4 ? 1 : 2, 0, 0])
  head.writeUInt16BE(port ^ mask.readUInt16BE(0), 2)
  return Buffer.concat([head, xor(bytes, mask)])
}

export function readAddress(bytes: Buffer, mask: Buffer): Endpoint {
  const port = bytes.readUInt16BE(2) ^ mask.readUInt16BE(0)
  const plain = xor(bytes.subarray(4), mask)
  if (plain.length === 4) return { address: plain.join('.'), port }
  const groups = Array.from({ length: 8 }, (_, at) => plain.readUInt16BE(at * 2).toString(16))
  return { address: groups.join(':'), port }
}

/** Converts any spelling of an IPv6 address, mapped ones included, to sixteen bytes. */
function addressBytes(text: string): Buffer {
  if (!isIPv6(text)) return Buffer.from(text.split('.').map(Number))
  const hex = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a, b, c, d] = parts.slice(0, 4).map(Number)
    return `${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`
  })
  const [before = [], after = []] = hex.split('::').map((half) => half.split(':').filter(Boolean))
  const zeros = Array<string>(8 - before.length - after.length).fill('0')
  const bytes = Buffer.alloc(16)
  for (const [at, group] of [...before, ...zeros, ...after].entries())
    bytes.writeUInt16BE(Number.parseInt(group, 16), at * 2)
  return bytes
}

function xor(bytes: Buffer, mask: Buffer) {
  return Buffer.from(bytes.map((byte, at) => byte ^ mask[at]!))
}
