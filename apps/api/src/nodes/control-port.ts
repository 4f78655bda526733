import { constants } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { controlTls, heartbeat } from '@veche/shared/nodes'
import { isTooOld } from '@veche/shared/protocol'
import { protocolVersion } from '@veche/shared/schemas/protocol'
import { nodeId } from '@veche/shared/schemas/fields'
import type { NodeId } from '@veche/shared/ids'
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Deps } from '../deps.ts'
import { toAppError } from '../errors.ts'
import { acceptHeartbeat } from './heartbeats.ts'
import { nodeKeys } from './keys.ts'

/** The port that media nodes report to. A client without a node's key does not get past the handshake. */
export function openControlPort(deps: Deps): FastifyInstance {
  const names = new WeakMap<TLSSocket, NodeId>()
  const keys = new NodeKeyChoice(deps)
  const port = Fastify({
    logger: false,
    bodyLimit: 4_000_000,
    requestTimeout: 5_000,
    https: {
      ...controlTls,
      // A resumed TLS session would not name the node.
      secureOptions: constants.SSL_OP_NO_TICKET,
      handshakeTimeout: 5_000,
      pskCallback: (socket: TLSSocket, identity: string) => {
        const name = nodeId.safeParse(identity)
        if (!name.success) return null
        names.set(socket, name.data)
        return keys.next(name.data)
      },
    },
  })
  port.server.on('tlsClientError', (_error, socket: TLSSocket) => keys.noteFailure(names.get(socket)))
  port.setErrorHandler((error: FastifyError, _req, reply) => {
    deps.metrics.heartbeats.inc({ outcome: 'failed' })
    const code = toAppError(error)?.code
    const status = code ? 503 : (error.statusCode ?? 500)
    if (status === 500) deps.log.error({ err: error }, 'a heartbeat failed')
    return reply.code(status).send({ code: code ?? (status < 500 ? 'input.invalid' : 'server.error') })
  })
  port.post('/heartbeat', (req, reply) => takeHeartbeat(deps, names.get(req.raw.socket as TLSSocket), req, reply))
  return port
}

async function takeHeartbeat(deps: Deps, node: NodeId | undefined, { body }: FastifyRequest, reply: FastifyReply) {
  const version = z.object({ protocol: protocolVersion }).safeParse(body)
  // The body of an old node may not be readable at all, so its version is read first.
  if (version.success && isTooOld(version.data.protocol)) {
    deps.log.warn({ node, ...version.data }, 'a media node is too old')
    return reply.code(426).send({ code: 'version.too_old' })
  }
  const beat = heartbeat.safeParse(body)
  if (!beat.success) return reply.code(400).send({ code: 'input.invalid' })
  // A node reports for itself only.
  if (node !== beat.data.node) return reply.code(403).send({ code: 'input.invalid' })
  const answer = await acceptHeartbeat(deps, beat.data)
  return answer ?? reply.code(409).send({ code: 'input.invalid' })
}

/** Chooses the key for a handshake. While the secret is being changed, a failed handshake makes the next one use the other key. */
class NodeKeyChoice {
  readonly #deps: Pick<Deps, 'env'>
  readonly #failures = new Map<NodeId, number>()

  constructor(deps: Pick<Deps, 'env'>) {
    this.#deps = deps
  }

  next(node: NodeId): Buffer | null {
    const keys = nodeKeys(this.#deps.env, node)
    return keys[(this.#failures.get(node) ?? 0) % keys.length] ?? null
  }

  noteFailure(node: NodeId | undefined): void {
    if (!node || !this.#deps.env.VECHE_SECRET_PREVIOUS) return
    if (this.#failures.size > 1_000) this.#failures.clear()
    this.#failures.set(node, (this.#failures.get(node) ?? 0) + 1)
  }
}
