import { constants } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { controlTls, heartbeat } from '@veche/shared/nodes'
import { nodeId } from '@veche/shared/schemas/fields'
import type { NodeId } from '@veche/shared/ids'
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import type { Deps } from '../../deps.ts'
import { toAppError } from '../../errors.ts'
import { nodeKeys } from '../node-keys.ts'
import { hear } from './heartbeats.ts'

/** The port that media nodes report to. Whoever has no node's key does not get past the handshake. */
export function openControlPort(deps: Deps): FastifyInstance {
  const names = new WeakMap<TLSSocket, NodeId>()
  const keyring = new Keyring(deps)
  const port = Fastify({
    logger: false,
    bodyLimit: 4_000_000,
    requestTimeout: 5_000,
    https: {
      ...controlTls,
      // A resumed session would name nobody.
      secureOptions: constants.SSL_OP_NO_TICKET,
      handshakeTimeout: 5_000,
      pskCallback: (socket: TLSSocket, identity: string) => {
        const name = nodeId.safeParse(identity)
        if (!name.success) return null
        names.set(socket, name.data)
        return keyring.next(name.data)
      },
    },
  })
  port.server.on('tlsClientError', (_error, socket: TLSSocket) => keyring.fails(names.get(socket)))
  port.setErrorHandler((error: FastifyError, _req, reply) => {
    deps.metrics.heartbeats.inc({ outcome: 'failed' })
    const code = toAppError(error)?.code
    const status = code ? 503 : (error.statusCode ?? 500)
    if (status === 500) deps.log.error({ err: error }, 'a heartbeat could not be taken')
    return reply.code(status).send({ code: code ?? (status < 500 ? 'input.invalid' : 'server.error') })
  })
  port.post('/heartbeat', async (req, reply) => {
    const beat = heartbeat.safeParse(req.body)
    if (!beat.success) return reply.code(400).send({ code: 'input.invalid' })
    // A node speaks for itself alone.
    if (names.get(req.raw.socket as TLSSocket) !== beat.data.node)
      return reply.code(403).send({ code: 'input.invalid' })
    const answer = await hear(deps, beat.data)
    return answer ?? reply.code(409).send({ code: 'input.invalid' })
  })
  return port
}

/** Which key a node is tried with: while the secret is changed, the other one next time, until one fits. */
class Keyring {
  readonly #deps: Pick<Deps, 'env'>
  readonly #tried = new Map<NodeId, number>()

  constructor(deps: Pick<Deps, 'env'>) {
    this.#deps = deps
  }

  next(node: NodeId): Buffer | null {
    const keys = nodeKeys(this.#deps.env, node)
    return keys[(this.#tried.get(node) ?? 0) % keys.length] ?? null
  }

  fails(node: NodeId | undefined): void {
    if (!node || !this.#deps.env.VECHE_SECRET_PREVIOUS) return
    if (this.#tried.size > 1_000) this.#tried.clear()
    this.#tried.set(node, (this.#tried.get(node) ?? 0) + 1)
  }
}
