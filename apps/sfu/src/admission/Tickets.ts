import { type BootId, type NodeId } from '@veche/shared/ids'
import type { HeartbeatAnswer } from '@veche/shared/nodes'
import { isTooOld } from '@veche/shared/protocol'
import { ticketAlgorithm, ticketClaims, type TicketClaims, ticketType } from '@veche/shared/ticket'
import { importJWK, type JWTVerifyGetKey, jwtVerify, type CryptoKey } from 'jose'
import type { Clock } from '../clock.ts'
import { CallError, fail, must } from '../errors.ts'

/** Used tickets are remembered for as long as a ticket can be valid. More of them than this means that the node is under attack. */
const maxUsedTickets = 100_000
const toleranceMs = 5_000

/** Checks tickets with the API's keys and the API's clock. Both come with the answer to a heartbeat. */
export class Tickets {
  readonly #clock: Clock
  readonly #node: { id: NodeId; boot: BootId }
  #keys = new Map<string, { x: string; key: CryptoKey }>()
  #api: { now: number; at: number } | null = null
  readonly #used = new Map<string, number>()

  constructor(clock: Clock, node: { id: NodeId; boot: BootId }) {
    this.#clock = clock
    this.#node = node
  }

  /** Without a key, so before the first answer of the API, every ticket is refused. */
  get ready(): boolean {
    return this.#keys.size > 0
  }

  /** The API's time now: the time that it told, plus what has passed since on a clock that cannot be set. */
  get now(): number {
    return this.#api ? this.#api.now + (this.#clock.now() - this.#api.at) : 0
  }

  async applyHeartbeatAnswer({ now, keys }: Pick<HeartbeatAnswer, 'now' | 'keys'>): Promise<void> {
    this.#api = { now, at: this.#clock.now() }
    const known = this.#keys
    const next = await Promise.all(
      keys.map(async ({ kid, x }) => {
        const before = known.get(kid)
        if (before?.x === x) return [kid, before] as const
        const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x }, ticketAlgorithm)
        if (key instanceof Uint8Array) throw new Error('a ticket key is not a public key')
        return [kid, { x, key }] as const
      }),
    )
    this.#keys = new Map(next)
  }

  /** The claims of a valid ticket, which cannot be used again. */
  async use(ticket: string): Promise<TicketClaims> {
    const claims = await this.#read(ticket)
    must(!isTooOld(claims.protocol), 'version.too_old')
    must(claims.aud === this.#node.id && claims.boot === this.#node.boot, 'call.ticket_invalid')
    must(claims.exp * 1000 > this.now && claims.iat * 1000 <= this.now + toleranceMs, 'call.ticket_invalid')
    this.#markUsed(claims)
    return claims
  }

  async #read(ticket: string): Promise<TicketClaims> {
    try {
      const key: JWTVerifyGetKey<CryptoKey> = ({ kid = '' }) => this.#keys.get(kid)?.key ?? fail('call.ticket_invalid')
      const options = {
        algorithms: [ticketAlgorithm],
        typ: ticketType,
        currentDate: new Date(this.now),
        clockTolerance: toleranceMs / 1000,
      }
      const { payload } = await jwtVerify(ticket, key, options)
      return ticketClaims.parse(payload)
    } catch (error) {
      throw new CallError('call.ticket_invalid', error)
    }
  }

  #markUsed({ jti, exp }: TicketClaims): void {
    for (const [id, until] of this.#used) {
      if (until > this.now) break
      this.#used.delete(id)
    }
    must(!this.#used.has(jti), 'call.ticket_invalid')
    must(this.#used.size < maxUsedTickets, 'server.busy')
    this.#used.set(jti, exp * 1000 + toleranceMs)
  }
}
