import { type BootId, type NodeId } from '@veche/shared/ids'
import type { HeartbeatAnswer } from '@veche/shared/nodes'
import { ticketAlgorithm, ticketClaims, type TicketClaims, ticketType } from '@veche/shared/ticket'
import { importJWK, type JWTVerifyGetKey, jwtVerify, type CryptoKey } from 'jose'
import type { Clock } from '../clock.ts'
import { CallError, fail, must } from '../errors.ts'

/** A ticket is remembered as used for as long as any could be good; more than this and the node is under attack. */
const mostRemembered = 100_000
const tolerance = 5_000

/** Judges tickets: by the API's keys and the API's clock, which both come with the heartbeat. */
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

  /** Before the first answer there is no key, so no ticket is good. */
  get ready(): boolean {
    return this.#keys.size > 0
  }

  /** The API's time now; it was right when it was told, and has gone on by a clock that nobody sets. */
  get now(): number {
    return this.#api ? this.#api.now + (this.#clock.now() - this.#api.at) : 0
  }

  async learn({ now, keys }: Pick<HeartbeatAnswer, 'now' | 'keys'>): Promise<void> {
    this.#api = { now, at: this.#clock.now() }
    const known = this.#keys
    const next = await Promise.all(
      keys.map(async ({ kid, x }) => {
        const before = known.get(kid)
        if (before?.x === x) return [kid, before] as const
        const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x }, ticketAlgorithm)
        if (key instanceof Uint8Array) throw new Error('a ticket key is no public key')
        return [kid, { x, key }] as const
      }),
    )
    this.#keys = new Map(next)
  }

  /** What it lets its bearer do. It is used up by this. */
  async take(ticket: string): Promise<TicketClaims> {
    const claims = await this.#read(ticket)
    must(claims.aud === this.#node.id && claims.boot === this.#node.boot, 'call.ticket_invalid')
    must(claims.exp * 1000 > this.now && claims.iat * 1000 <= this.now + tolerance, 'call.ticket_invalid')
    this.#useUp(claims)
    return claims
  }

  async #read(ticket: string): Promise<TicketClaims> {
    try {
      const key: JWTVerifyGetKey<CryptoKey> = ({ kid = '' }) => this.#keys.get(kid)?.key ?? fail('call.ticket_invalid')
      const options = {
        algorithms: [ticketAlgorithm],
        typ: ticketType,
        currentDate: new Date(this.now),
        clockTolerance: tolerance / 1000,
      }
      const { payload } = await jwtVerify(ticket, key, options)
      return ticketClaims.parse(payload)
    } catch (error) {
      throw new CallError('call.ticket_invalid', error)
    }
  }

  #useUp({ jti, exp }: TicketClaims): void {
    for (const [id, until] of this.#used) {
      if (until > this.now) break
      this.#used.delete(id)
    }
    must(!this.#used.has(jti), 'call.ticket_invalid')
    must(this.#used.size < mostRemembered, 'server.busy')
    this.#used.set(jti, exp * 1000 + tolerance)
  }
}
