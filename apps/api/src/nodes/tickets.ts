import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto'
import type { HeartbeatAnswer } from '@veche/shared/nodes'
import { meetingLimits } from '@veche/shared/meeting-limits'
import { protocol } from '@veche/shared/protocol'
import { ticketAlgorithm, type TicketClaims, ticketType } from '@veche/shared/ticket'
import { SignJWT } from 'jose'
import type { Env } from '../env.ts'
import { deriveKey, installationSecrets } from '../platform/secrets.ts'

type SigningKey = { kid: string; x: string; key: KeyObject }
type TicketGrant = Omit<TicketClaims, 'protocol' | 'iss' | 'jti' | 'iat' | 'exp'>

/** Signs tickets with the key of the present secret. Nodes are also told the public key of the previous secret, for as long as it is set. */
export class Tickets {
  readonly #keys: SigningKey[]

  constructor(env: Env) {
    this.#keys = installationSecrets(env).map((secret) => signingKey(deriveKey(secret, 'veche ticket key')))
  }

  get publicKeys(): HeartbeatAnswer['keys'] {
    return this.#keys.map(({ kid, x }) => ({ kid, x }))
  }

  async sign(grant: TicketGrant, now: number): Promise<string> {
    const { kid, key } = this.#keys[0]!
    const iat = Math.floor(now / 1000)
    const claims: TicketClaims = {
      protocol: protocol.version,
      iss: 'veche',
      jti: randomUUID(),
      iat,
      exp: iat + meetingLimits.ticketSeconds,
      ...grant,
    }
    return new SignJWT(claims).setProtectedHeader({ alg: ticketAlgorithm, typ: ticketType, kid }).sign(key)
  }
}

/** The DER header of an Ed25519 private key in PKCS #8; the seed follows it. */
const pkcs8Header = Buffer.from('302e020100300506032b657004220420', 'hex')

function signingKey(seed: Buffer): SigningKey {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Header, seed]), format: 'der', type: 'pkcs8' })
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' })
  const kid = createHash('sha256').update(Buffer.from(x, 'base64url')).digest('hex').slice(0, 16)
  return { kid, x, key }
}
