import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { json } from 'node:stream/consumers'
import type { BootId, MeetingId, NodeId, SeatId, UserId } from '@veche/shared/ids'
import { controlTls, type Heartbeat, heartbeat, type HeartbeatAnswer, type MeetingUpdate } from '@veche/shared/nodes'
import { protocol } from '@veche/shared/protocol'
import { ticketAlgorithm, type TicketClaims, ticketType } from '@veche/shared/ticket'
import { SignJWT } from 'jose'

export type Signer = { kid: string; x: string; privateKey: KeyObject }

export function newSigner(kid: string): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { kid, x: String(publicKey.export({ format: 'jwk' }).x), privateKey }
}

/** The API as a node sees it: a server that records heartbeats and answers with what a test wants. */
export class TestApi {
  readonly signers = [newSigner('one')]
  readonly heartbeats: Heartbeat[] = []
  /** Sent with the next answer, once. */
  updates: MeetingUpdate[] = []
  wantCapabilities = false
  now: () => number = () => Date.now()
  readonly #key: string
  #server: Server | undefined
  #port = 0

  constructor(key: string) {
    this.#key = key
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`
  }

  async listen(): Promise<this> {
    const psk = Buffer.from(this.#key, 'hex')
    const server = createServer({
      ...controlTls,
      pskCallback: (_socket, identity) => (identity === 'sfu-0' ? psk : null),
    })
    server.on('tlsClientError', (_error, socket) => socket.destroy())
    server.on('request', async (req, res) => {
      this.heartbeats.push(heartbeat.parse(await json(req)))
      const answer: HeartbeatAnswer = {
        protocol: protocol.version,
        now: this.now(),
        keys: this.signers.map(({ kid, x }) => ({ kid, x })),
        wantCapabilities: this.wantCapabilities,
        meetings: this.updates.splice(0),
      }
      res.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
    })
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (typeof address === 'object') this.#port = address?.port ?? 0
    this.#server = server
    return this
  }

  close(): void {
    this.#server?.closeAllConnections()
    this.#server?.close()
  }
}

export function newClaims(node: { id: NodeId; boot: BootId }, some: Partial<TicketClaims> = {}): TicketClaims {
  const now = Math.floor(Date.now() / 1000)
  return {
    protocol: protocol.version,
    iss: 'veche',
    aud: node.id,
    boot: node.boot,
    jti: randomUUID(),
    iat: now,
    exp: now + 60,
    meeting: randomUUID() as MeetingId,
    meetingEpoch: 1,
    seat: randomUUID() as SeatId,
    seatEpoch: 1,
    user: randomUUID() as UserId,
    name: 'Anna',
    capabilities: ['mic', 'cam', 'screen', 'chat', 'unmute'],
    ...some,
  }
}

export function sign(claims: object, { kid, privateKey }: Signer, header: object = {}): Promise<string> {
  const jwt = new SignJWT({ ...claims })
  return jwt.setProtectedHeader({ alg: ticketAlgorithm, typ: ticketType, kid, ...header }).sign(privateKey)
}
