import { hkdfSync } from 'node:crypto'

/** The key with which a media node and the API authenticate to each other. A stolen node knows no other node's key. */
export function nodeKey(secret: string, node: string) {
  return derive(secret, `veche node key ${node}`)
}

/** The secret with which the API signs TURN credentials. */
export function turnSecret(secret: string) {
  return derive(secret, 'veche turn')
}

function derive(secret: string, purpose: string) {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, 32)).toString('hex')
}
