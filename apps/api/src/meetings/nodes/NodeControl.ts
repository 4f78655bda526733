import { createTRPCClient, httpLink, TRPCClientError } from '@trpc/client'
import type { BootId, NodeId } from '@veche/shared/ids'
import { apiIdentity, controlTls, type MeetingUpdate } from '@veche/shared/nodes'
import type { ControlRouter } from '@veche/sfu/router'
import { Agent, fetch } from 'undici'
import type { Env } from '../../env.ts'
import { nodeKeys } from '../node-keys.ts'

export type Address = { id: NodeId; control: string }
/**
 * What a node said when it was asked whether it lives; `refused` is a machine that says that nobody listens there, and `late` says that
 * it was us who were too slow to hear.
 */
export type Probe = { answer: 'alive'; boot: BootId } | { answer: 'refused' | 'none' | 'late' }

const probeMs = 300
const lag = 100
const orderMs = 2_000

/** The API's side of the control ports of media nodes: each side proves that it has the node's key. */
export class NodeControl {
  readonly #env: Env
  readonly #lines = new Map<string, { agent: Agent; client: ReturnType<typeof newClient> }>()

  constructor(env: Env) {
    this.#env = env
  }

  /** Alive is who answers in time, as itself. */
  async probe(node: Address): Promise<Probe> {
    const signal = AbortSignal.timeout(probeMs)
    const begun = performance.now()
    try {
      const said = await this.#call(node, (client) => client.alive.query(undefined, { signal }))
      return said.node === node.id ? { answer: 'alive', boot: said.boot } : { answer: 'none' }
    } catch (error) {
      if (codesOf(error).includes('ECONNREFUSED')) return { answer: 'refused' }
      return { answer: performance.now() - begun > probeMs + lag ? 'late' : 'none' }
    }
  }

  /** A nudge: whatever is lost here comes with the answer to a heartbeat. */
  async order(node: Address, order: MeetingUpdate): Promise<void> {
    const signal = AbortSignal.timeout(orderMs)
    await this.#call(node, (client) => client.update.mutate(order, { signal }))
  }

  async close(): Promise<void> {
    const agents = [...this.#lines.values()].map(({ agent }) => agent)
    this.#lines.clear()
    await Promise.all(agents.map((agent) => agent.destroy()))
  }

  /** While the secret is changed a node may have the key of the old one; and a connection that was kept may be of a life before. */
  async #call<T>(node: Address, ask: (client: ReturnType<typeof newClient>) => Promise<T>): Promise<T> {
    const keys = nodeKeys(this.#env, node.id)
    let error: unknown
    for (const [at, key] of [...keys, ...keys].entries()) {
      try {
        return await ask(this.#line(node, key))
      } catch (failure) {
        error ??= failure
        const codes = codesOf(failure)
        const worthIt = codes.some((code) => code.startsWith('ERR_SSL')) ? keys.length > 1 : codes.some(isCutOff)
        if (!worthIt) throw failure
        if (at >= keys.length * 2 - 1) break
      }
    }
    throw error
  }

  #line(node: Address, key: Buffer): ReturnType<typeof newClient> {
    const name = `${node.id} ${node.control} ${key.toString('hex')}`
    const known = this.#lines.get(name)
    if (known) return known.client
    const agent = new Agent({ connections: 4, keepAliveTimeout: 10_000, connect: tls(key) })
    const client = newClient(`https://${node.control}`, agent)
    this.#lines.set(name, { agent, client })
    return client
  }
}

function tls(psk: Buffer) {
  return {
    ...controlTls,
    timeout: orderMs,
    pskCallback: () => ({ psk, identity: apiIdentity }),
    // There is no certificate: the key alone says who is there.
    checkServerIdentity: () => undefined,
  }
}

function newClient(url: string, dispatcher: Agent) {
  const ask: NonNullable<Parameters<typeof httpLink>[0]['fetch']> = (input, init) => {
    const { body, ...rest } = init ?? {}
    return fetch(String(input), { ...(rest as object), ...(typeof body === 'string' ? { body } : {}), dispatcher })
  }
  return createTRPCClient<ControlRouter>({ links: [httpLink({ url, fetch: ask })] })
}

function isCutOff(code: string): boolean {
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE'
}

/** The codes of an error and of what caused it. */
function codesOf(error: unknown): string[] {
  const codes: string[] = []
  for (let at = error; at instanceof Error; at = at instanceof TRPCClientError ? (at.cause ?? at.meta) : at.cause)
    if ('code' in at && typeof at.code === 'string') codes.push(at.code)
  return codes
}
