import { createTRPCClient, httpLink, TRPCClientError } from '@trpc/client'
import type { BootId, MeetingId, NodeId } from '@veche/shared/ids'
import { apiIdentity, controlTls, type MeetingUpdate } from '@veche/shared/nodes'
import type { ControlRouter } from '@veche/sfu/router'
import { Agent, fetch } from 'undici'
import type { Env } from '../env.ts'
import { nodeKeys } from './keys.ts'

export type ControlAddress = { id: NodeId; control: string }
/**
 * What a node answered when it was asked whether it lives. `refused`: the machine says that nothing listens there. `late`: this
 * process was too slow to hear an answer, so the answer means nothing.
 */
export type ProbeResult = { answer: 'alive'; boot: BootId } | { answer: 'refused' | 'none' | 'late' }

const probeTimeoutMs = 300
const probeLagMs = 100
const updateTimeoutMs = 2_000

type Client = ReturnType<typeof newClient>

/** Calls the control ports of media nodes. Each side proves that it has the node's key. */
export class NodeControl {
  readonly #env: Env
  readonly #connections = new Map<string, { agent: Agent; client: Client }>()

  constructor(env: Env) {
    this.#env = env
  }

  /** A node is alive when it answers in time and under its own name. */
  async probe(node: ControlAddress): Promise<ProbeResult> {
    const signal = AbortSignal.timeout(probeTimeoutMs)
    const startedAt = performance.now()
    try {
      const answer = await this.#call(node, (client) => client.alive.query(undefined, { signal }))
      return answer.node === node.id ? { answer: 'alive', boot: answer.boot } : { answer: 'none' }
    } catch (error) {
      if (errorCodes(error).includes('ECONNREFUSED')) return { answer: 'refused' }
      return { answer: performance.now() - startedAt > probeTimeoutMs + probeLagMs ? 'late' : 'none' }
    }
  }

  /** Whether the node would let in a ticket for this meeting. A node that does not answer has refused nothing. */
  async accepts(node: ControlAddress, meeting: MeetingId): Promise<boolean> {
    const signal = AbortSignal.timeout(probeTimeoutMs)
    const answer = this.#call(node, (client) => client.accepts.query({ meeting }, { signal }))
    return answer.then(({ accepts }) => accepts).catch(() => true)
  }

  /** An update may be lost: the answer to the node's next heartbeat carries the same. */
  async update(node: ControlAddress, update: MeetingUpdate): Promise<void> {
    const signal = AbortSignal.timeout(updateTimeoutMs)
    await this.#call(node, (client) => client.update.mutate(update, { signal }))
  }

  async close(): Promise<void> {
    const agents = [...this.#connections.values()].map(({ agent }) => agent)
    this.#connections.clear()
    await Promise.all(agents.map((agent) => agent.destroy()))
  }

  /**
   * Tries each key twice. While the secret is being changed, a node may still have the key of the old one; and a kept connection may
   * belong to an earlier boot of the node.
   */
  async #call<T>(node: ControlAddress, request: (client: Client) => Promise<T>): Promise<T> {
    const keys = nodeKeys(this.#env, node.id)
    const attempts = [...keys, ...keys]
    let firstError: unknown
    for (const key of attempts) {
      try {
        return await request(this.#clientFor(node, key))
      } catch (error) {
        firstError ??= error
        if (!mayRetry(error, keys.length)) throw error
      }
    }
    throw firstError
  }

  #clientFor(node: ControlAddress, key: Buffer): Client {
    const name = `${node.id} ${node.control} ${key.toString('hex')}`
    const known = this.#connections.get(name)
    if (known) return known.client
    const agent = new Agent({ connections: 4, keepAliveTimeout: 10_000, connect: tlsOptions(key) })
    const client = newClient(`https://${node.control}`, agent)
    this.#connections.set(name, { agent, client })
    return client
  }
}

/** A failed handshake is worth another attempt only if there is another key; a cut connection always is. */
function mayRetry(error: unknown, keyCount: number): boolean {
  const codes = errorCodes(error)
  return codes.some((code) => code.startsWith('ERR_SSL')) ? keyCount > 1 : codes.some(isConnectionCut)
}

function tlsOptions(psk: Buffer) {
  return {
    ...controlTls,
    timeout: updateTimeoutMs,
    pskCallback: () => ({ psk, identity: apiIdentity }),
    // There is no certificate: the key alone proves who answers.
    checkServerIdentity: () => undefined,
  }
}

function newClient(url: string, dispatcher: Agent) {
  const fetchOverAgent: NonNullable<Parameters<typeof httpLink>[0]['fetch']> = (input, init) => {
    const { body, ...rest } = init ?? {}
    return fetch(String(input), { ...(rest as object), ...(typeof body === 'string' ? { body } : {}), dispatcher })
  }
  return createTRPCClient<ControlRouter>({ links: [httpLink({ url, fetch: fetchOverAgent })] })
}

function isConnectionCut(code: string): boolean {
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE'
}

/** The codes of an error and of what caused it. */
function errorCodes(error: unknown): string[] {
  const codes: string[] = []
  for (let cause = error; cause instanceof Error;) {
    if ('code' in cause && typeof cause.code === 'string') codes.push(cause.code)
    cause = cause instanceof TRPCClientError ? (cause.cause ?? cause.meta) : cause.cause
  }
  return codes
}
