import { hkdfSync } from 'node:crypto'

/** What one media node and the API prove themselves to each other with; a node that is broken into knows no other's. */
export function nodeKey(secret: string, node: string) {
  return derive(secret, `veche node key ${node}`)
}

/** What the API signs the names of people at the TURN server with. */
export function turnSecret(secret: string) {
  return derive(secret, 'veche turn')
}

function derive(secret: string, purpose: string) {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, 32)).toString('hex')
}
