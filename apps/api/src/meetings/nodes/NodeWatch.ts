import type { BootId, NodeId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { BaseDeps } from '../../deps.ts'
import { buryNode, type KnownNode, knownNodes } from './known-nodes.ts'
import { type Evidence, isGone, verdict } from './verdict.ts'

const every = 500
/** Rounds further apart than this, or backwards: we stood still ourselves, had no database, or its clock was set. */
const gap = 2_000
/** Who fell silent within so much of each other fell silent together. */
const together = 10_000

type Life = { id: NodeId; boot: BootId }
type Port = Pick<KnownNode, 'boot' | 'control'>

/**
 * Watches the media nodes by the heartbeats that the database has of them, whichever process took them. What it keeps is only how
 * long it has been able to watch.
 */
export class NodeWatch {
  readonly #deps: BaseDeps
  readonly #listeners = new Set<(nodes: KnownNode[]) => void>()
  /** Control ports that have answered this process, in this life of their nodes. */
  #reached = new Set<string>()
  readonly #accused = new Map<BootId, Promise<void>>()
  #healthySince: number | null = null
  #lastRound = 0
  #timer: NodeJS.Timeout | undefined
  #running = false

  constructor(deps: BaseDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#running = true
    void this.#go()
  }

  stop(): void {
    this.#running = false
    clearTimeout(this.#timer)
  }

  /** Hears after each round which nodes there are. */
  listen(listener: (nodes: KnownNode[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  hasReached(node: Port): boolean {
    return this.#reached.has(portOf(node))
  }

  async round(): Promise<void> {
    let nodes: KnownNode[]
    try {
      nodes = await knownNodes(this.#deps.polls)
    } catch (error) {
      this.#healthySince = null
      throw error
    }
    const now = nodes[0]?.now ?? this.#deps.clock.now()
    const passed = now - this.#lastRound
    if (this.#healthySince === null || passed > gap || passed < 0) this.#healthySince = now
    this.#lastRound = now
    const living = nodes.filter((node) => !node.dead)
    const silent = living.filter((node) => verdict(this.#evidence(node, living)) === 'ask')
    const unknown = living.filter(
      (node) => !this.hasReached(node) && node.silentMs < every * 4 && !silent.includes(node),
    )
    await this.#judge(living, silent)
    this.#reached = new Set(living.map(portOf).filter((port) => this.#reached.has(port)))
    await Promise.all(unknown.map((node) => this.#probe(node)))
    this.#measure(nodes)
    for (const listener of this.#listeners) listener(nodes)
  }

  /** Somebody could not reach this node: it is asked at once, and once for all who come together. */
  accuse(life: Life): Promise<void> {
    const running = this.#accused.get(life.boot)
    if (running) return running
    const asked = this.#accuse(life).finally(() => this.#accused.delete(life.boot))
    this.#accused.set(life.boot, asked)
    return asked
  }

  async #accuse({ id, boot }: Life): Promise<void> {
    const living = (await knownNodes(this.#deps.polls)).filter((node) => !node.dead)
    const accused = living.find((node) => node.id === id && node.boot === boot)
    if (accused) await this.#judge(living, [accused], true)
  }

  /** If one does not answer so are the others asked, late or not: when most are gone with it, the fault is ours. */
  async #judge(living: KnownNode[], suspects: KnownNode[], accused = false): Promise<void> {
    if (suspects.length === 0) return
    const probes = new Map<KnownNode, Evidence['probe']>()
    const ask = async (node: KnownNode) => void probes.set(node, await this.#probe(node))
    await Promise.all(suspects.map(ask))
    const gone = () =>
      living.filter((node) => isGone({ ...this.#evidence(node, living), probe: probes.get(node) ?? null }))
    if (gone().length > 0) await Promise.all(living.filter((node) => !probes.has(node)).map(ask))
    for (const node of suspects) {
      const vanished = gone().filter((other) => wentWith(node, other)).length
      const evidence = { ...this.#evidence(node, living), accused, probe: probes.get(node) ?? null, vanished }
      if (verdict(evidence) === 'dead') await this.#bury(node, accused)
    }
  }

  #evidence(node: KnownNode, living: KnownNode[]): Evidence {
    const watching = this.#healthySince !== null && node.now - this.#lastRound <= gap
    const healthyMs = watching ? node.now - (this.#healthySince ?? 0) : 0
    const all = living.filter((other) => other.heartbeatAt >= node.heartbeatAt - together).length
    const { silentMs } = node
    return { silentMs, reached: this.hasReached(node), healthyMs, accused: false, probe: null, vanished: 1, all }
  }

  async #probe(node: KnownNode): Promise<Evidence['probe']> {
    let said = await this.#deps.control.probe(node)
    // It was us who were too slow to hear.
    if (said.answer === 'late') said = await this.#deps.control.probe(node)
    if (said.answer === 'late') return null
    if (said.answer !== 'alive') return said.answer
    if (said.boot !== node.boot) return 'other'
    this.#reached.add(portOf(node))
    return 'alive'
  }

  async #bury(node: KnownNode, accused: boolean): Promise<void> {
    if (!(await buryNode(this.#deps.polls, node))) return
    this.#deps.log.warn({ node: node.id, boot: node.boot, silentMs: node.silentMs, accused }, 'a media node is dead')
    this.#deps.metrics.nodeDeaths.inc({ by: accused ? 'accusation' : 'silence' })
  }

  #measure(nodes: KnownNode[]): void {
    const { metrics } = this.#deps
    const dead = nodes.filter((node) => node.dead).length
    const silent = nodes.filter((node) => !node.dead && node.silentMs >= limits.meeting.awaySeconds * 1000).length
    metrics.nodes.set({ state: 'dead' }, dead)
    metrics.nodes.set({ state: 'silent' }, silent)
    metrics.nodes.set({ state: 'alive' }, nodes.length - dead - silent)
  }

  async #go(): Promise<void> {
    await this.round().catch((error: unknown) => this.#deps.log.debug({ err: error }, 'the nodes could not be watched'))
    if (this.#running) this.#timer = setTimeout(() => void this.#go(), every).unref()
  }
}

function portOf({ boot, control }: Port): string {
  return `${boot} ${control}`
}

function wentWith(node: KnownNode, other: KnownNode): boolean {
  return Math.abs(node.heartbeatAt - other.heartbeatAt) <= together
}
