import type { BootId, NodeId } from '@veche/shared/ids'
import { meetingLimits } from '@veche/shared/meeting-limits'
import type { BaseDeps } from '../deps.ts'
import { type KnownNode, knownNodes, markNodeDead } from './known-nodes.ts'
import { assessNode, type Evidence, isGone } from './verdict.ts'

const roundMs = 500
/** Rounds further apart than this, or backwards, mean that this process stood still, had no database, or that the clock was set. */
const maxGapMs = 2_000
/** Nodes whose last heartbeats are within this of each other fell silent together. */
const silentTogetherMs = 10_000

type NodeBoot = { id: NodeId; boot: BootId }
type ControlPort = Pick<KnownNode, 'boot' | 'control'>

/**
 * Watches the media nodes by the heartbeats in the database, whichever process took them. A process keeps only how long it has been
 * able to watch, and which nodes have answered it.
 */
export class NodeWatch {
  readonly #deps: BaseDeps
  readonly #listeners = new Set<(nodes: KnownNode[]) => void>()
  /** Control ports that have answered this process in this boot of their nodes. */
  #answered = new Set<string>()
  readonly #runningReports = new Map<BootId, Promise<void>>()
  #healthySince: number | null = null
  #lastRound = 0
  #timer: NodeJS.Timeout | undefined
  #running = false

  constructor(deps: BaseDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#running = true
    void this.#repeat()
  }

  stop(): void {
    this.#running = false
    clearTimeout(this.#timer)
  }

  /** Calls the listener with all nodes after each round. Returns a function that unsubscribes. */
  listen(listener: (nodes: KnownNode[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  hasAnswered(node: ControlPort): boolean {
    return this.#answered.has(portKey(node))
  }

  async round(): Promise<void> {
    const nodes = await this.#readNodes()
    this.#noteRound(nodes[0]?.now ?? this.#deps.clock.now())
    const alive = nodes.filter((node) => !node.dead)
    const silent = alive.filter((node) => assessNode(this.#evidence(node, alive)) === 'probe')
    const neverAnswered = alive.filter(
      (node) => !this.hasAnswered(node) && node.silentMs < roundMs * 4 && !silent.includes(node),
    )
    await this.#probeAndDecide(alive, silent)
    this.#answered = new Set(alive.map(portKey).filter((port) => this.#answered.has(port)))
    await Promise.all(neverAnswered.map((node) => this.#probe(node)))
    this.#measure(nodes)
    for (const listener of this.#listeners) listener(nodes)
  }

  /** A client could not reach this node. The node is probed at once, and only once for all clients that report it meanwhile. */
  reportUnreachable(node: NodeBoot): Promise<void> {
    const running = this.#runningReports.get(node.boot)
    if (running) return running
    const checked = this.#checkReported(node).finally(() => this.#runningReports.delete(node.boot))
    this.#runningReports.set(node.boot, checked)
    return checked
  }

  async #checkReported({ id, boot }: NodeBoot): Promise<void> {
    const alive = (await knownNodes(this.#deps.polls)).filter((node) => !node.dead)
    const reported = alive.find((node) => node.id === id && node.boot === boot)
    if (reported) await this.#probeAndDecide(alive, [reported], true)
  }

  async #readNodes(): Promise<KnownNode[]> {
    try {
      return await knownNodes(this.#deps.polls)
    } catch (error) {
      this.#healthySince = null
      throw error
    }
  }

  #noteRound(now: number): void {
    const sinceLast = now - this.#lastRound
    if (this.#healthySince === null || sinceLast > maxGapMs || sinceLast < 0) this.#healthySince = now
    this.#lastRound = now
  }

  /**
   * Probes the suspects and marks the dead ones. If one of them is gone, the other nodes are probed too, late or not: when most are
   * gone with it, the fault is on our side.
   */
  async #probeAndDecide(alive: KnownNode[], suspects: KnownNode[], reported = false): Promise<void> {
    if (suspects.length === 0) return
    const probes = new Map<KnownNode, Evidence['probe']>()
    const probe = async (node: KnownNode) => void probes.set(node, await this.#probe(node))
    await Promise.all(suspects.map(probe))
    const gone = () =>
      alive.filter((node) => isGone({ ...this.#evidence(node, alive), probe: probes.get(node) ?? null }))
    if (gone().length > 0) await Promise.all(alive.filter((node) => !probes.has(node)).map(probe))
    for (const node of suspects) {
      const silentTogether = gone().filter((other) => fellSilentTogether(node, other)).length
      const evidence = { ...this.#evidence(node, alive), reported, probe: probes.get(node) ?? null, silentTogether }
      if (assessNode(evidence) === 'dead') await this.#markDead(node, reported)
    }
  }

  #evidence(node: KnownNode, alive: KnownNode[]): Evidence {
    const isWatching = this.#healthySince !== null && node.now - this.#lastRound <= maxGapMs
    const healthyMs = isWatching ? node.now - (this.#healthySince ?? 0) : 0
    const aliveNodes = alive.filter((other) => other.heartbeatAt >= node.heartbeatAt - silentTogetherMs).length
    const answeredBefore = this.hasAnswered(node)
    return {
      silentMs: node.silentMs,
      answeredBefore,
      healthyMs,
      reported: false,
      probe: null,
      silentTogether: 1,
      aliveNodes,
    }
  }

  async #probe(node: KnownNode): Promise<Evidence['probe']> {
    let result = await this.#deps.nodeControl.probe(node)
    // This process was too slow to hear the answer, so the node is asked again.
    if (result.answer === 'late') result = await this.#deps.nodeControl.probe(node)
    if (result.answer === 'late') return null
    if (result.answer !== 'alive') return result.answer
    if (result.boot !== node.boot) return 'other'
    this.#answered.add(portKey(node))
    return 'alive'
  }

  async #markDead(node: KnownNode, reported: boolean): Promise<void> {
    if (!(await markNodeDead(this.#deps.polls, node))) return
    this.#deps.log.warn({ node: node.id, boot: node.boot, silentMs: node.silentMs, reported }, 'a media node is dead')
    this.#deps.metrics.nodeDeaths.inc({ by: reported ? 'report' : 'silence' })
  }

  #measure(nodes: KnownNode[]): void {
    const { metrics } = this.#deps
    const dead = nodes.filter((node) => node.dead).length
    const silent = nodes.filter((node) => !node.dead && node.silentMs >= meetingLimits.awaySeconds * 1000).length
    metrics.nodes.set({ state: 'dead' }, dead)
    metrics.nodes.set({ state: 'silent' }, silent)
    metrics.nodes.set({ state: 'alive' }, nodes.length - dead - silent)
  }

  async #repeat(): Promise<void> {
    await this.round().catch((error: unknown) =>
      this.#deps.log.debug({ err: error }, 'the media nodes could not be checked; the next round tries again'),
    )
    if (this.#running) this.#timer = setTimeout(() => void this.#repeat(), roundMs).unref()
  }
}

function portKey({ boot, control }: ControlPort): string {
  return `${boot} ${control}`
}

function fellSilentTogether(node: KnownNode, other: KnownNode): boolean {
  return Math.abs(node.heartbeatAt - other.heartbeatAt) <= silentTogetherMs
}
