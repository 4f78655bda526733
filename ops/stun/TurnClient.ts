import { createHash } from 'node:crypto'
import type { Endpoint } from './address.ts'
import { StunConnection, type StunServer } from './StunConnection.ts'
import {
  encode,
  stunErrorCode,
  newId,
  number,
  readXorAddress,
  xorAddress,
  type Fields,
  type Message,
  type Method,
} from './message.ts'

export type Credentials = { username: string; password: string }

const transports = { udp: number(17 << 24), tcp: number(6 << 24) }

/** One allocation on a TURN server, as a browser makes it behind a strict firewall. */
export class TurnClient {
  readonly #connection: StunConnection
  #credentials: Credentials | undefined
  #challenge: Pick<Fields, 'realm' | 'nonce'> = {}

  static async open(server: StunServer, credentials?: Credentials): Promise<TurnClient> {
    return new TurnClient(await StunConnection.open(server), credentials)
  }

  private constructor(connection: StunConnection, credentials: Credentials | undefined) {
    this.#connection = connection
    this.#credentials = credentials
  }

  close(): void {
    this.#connection.close()
  }

  /** Each request returns its error code; 0 means success. */
  async allocate(
    lifetimeSeconds = 600,
    relay: 'udp' | 'tcp' = 'udp',
  ): Promise<{ code: number; relayed?: Endpoint | undefined }> {
    const answer = await this.#ask('allocate', { transport: transports[relay], lifetime: number(lifetimeSeconds) })
    return { code: stunErrorCode(answer), relayed: readXorAddress(answer.fields.relayed, answer.id) }
  }

  async refresh(lifetimeSeconds = 600): Promise<number> {
    return stunErrorCode(await this.#ask('refresh', { lifetime: number(lifetimeSeconds) }))
  }

  async permit(address: string): Promise<number> {
    return stunErrorCode(await this.#ask('permit', (id) => ({ peer: xorAddress({ address, port: 0 }, id) })))
  }

  async bindChannel(channel: number, peer: Endpoint): Promise<number> {
    const fields = (id: Buffer) => ({ channel: number(channel << 16), peer: xorAddress(peer, id) })
    return stunErrorCode(await this.#ask('bindChannel', fields))
  }

  send(peer: Endpoint, data: Buffer): void {
    const id = newId()
    this.#connection.send(
      encode({ method: 'send', kind: 'indication', id, fields: { peer: xorAddress(peer, id), data } }),
    )
  }

  /** The next data from the peer. */
  received(): Promise<Buffer> {
    const { promise, resolve } = Promise.withResolvers<Buffer>()
    const stop = this.#connection.listen(({ method, fields }) => {
      if (method !== 'data' || !fields.data) return
      stop()
      resolve(fields.data)
    })
    return promise
  }

  /** The server refuses the first request with its realm and a nonce; then the request is repeated, signed. */
  async #ask(method: Method, fields: Fields | ((id: Buffer) => Fields)): Promise<Message> {
    const once = () => this.#askOnce(method, fields)
    const answer = await once()
    const { realm, nonce } = answer.fields
    if (![401, 438].includes(stunErrorCode(answer)) || !realm || !nonce || !this.#credentials) return answer
    const known = this.#challenge.nonce?.equals(nonce)
    this.#challenge = { realm, nonce }
    return known ? answer : once()
  }

  #askOnce(method: Method, fields: Fields | ((id: Buffer) => Fields)) {
    const id = newId()
    const wanted = typeof fields === 'function' ? fields(id) : fields
    if (!this.#credentials || !this.#challenge.realm)
      return this.#connection.ask(encode({ method, kind: 'request', id, fields: wanted }))
    const { username, password } = this.#credentials
    const key = createHash('md5').update(`${username}:${this.#challenge.realm.toString()}:${password}`).digest()
    const signed = { ...wanted, username: Buffer.from(username), ...this.#challenge }
    return this.#connection.ask(encode({ method, kind: 'request', id, fields: signed }, key))
  }
}
