import { controlTls, type Heartbeat, heartbeatAnswer } from '@veche/shared/nodes'
import { Agent, fetch } from 'undici'
import { reachable } from './media/addresses.ts'
import { routerCapabilities } from './media/codecs.ts'
import type { Stop } from './clock.ts'
import type { Deps } from './deps.ts'
import type { Node } from './Node.ts'

const interval = 1_000
const patience = 2_000

/** Tells the API each second what this node is and whom it holds, and hears what should be otherwise. Its silence ends no call. */
export class Heart {
  readonly #deps: Deps
  readonly #node: Node
  readonly #ports: { signalling: number; control: number }
  readonly #agent: Agent
  readonly #stop: Stop
  #beating = false
  #wantCapabilities = true
  #failures = 0

  constructor(deps: Deps, node: Node, ports: { signalling: number; control: number }) {
    this.#deps = deps
    this.#node = node
    this.#ports = ports
    const psk = Buffer.from(deps.env.SFU_KEY, 'hex')
    this.#agent = new Agent({
      connect: {
        ...controlTls,
        timeout: patience,
        pskCallback: () => ({ psk, identity: node.id }),
        // The key that both sides prove stands for the certificate.
        checkServerIdentity: () => undefined,
      },
    })
    this.#stop = deps.clock.every(interval, () => this.beat())
    this.beat()
  }

  /** Now; one at a time. */
  beat(): void {
    if (this.#beating) return
    this.#beating = true
    void this.#beat().finally(() => (this.#beating = false))
  }

  async stop(): Promise<void> {
    this.#stop()
    await this.#agent.destroy()
  }

  async #beat(): Promise<void> {
    const { metrics, log } = this.#deps
    try {
      await this.#node.hear(await this.#ask())
      metrics.heartbeats.inc({ outcome: 'ok' })
      if (this.#failures > 0) log.info({ missed: this.#failures }, 'the API answers again')
      this.#failures = 0
    } catch (error) {
      metrics.heartbeats.inc({ outcome: 'failed' })
      if (this.#failures === 0) log.warn({ err: error }, 'the API does not answer: calls go on')
      this.#failures += 1
    }
  }

  async #ask() {
    const urls = this.#deps.env.API_CONTROL_URL
    // After a failure the next one in the list is asked.
    const url = new URL('/heartbeat', urls[this.#failures % urls.length])
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(this.#heartbeat()),
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(patience),
    })
    if (!answer.ok) throw new Error(`the API answered ${answer.status}`)
    const read = heartbeatAnswer.parse(await answer.json())
    this.#wantCapabilities = read.wantCapabilities
    return read
  }

  #heartbeat(): Heartbeat {
    const { env } = this.#deps
    return {
      node: this.#node.id,
      boot: this.#node.boot,
      release: env.RELEASE,
      signalling: reachable(env.SFU_HOST, this.#ports.signalling),
      control: reachable(env.SFU_CONTROL_HOST, this.#ports.control),
      url: env.SFU_URL ?? null,
      ...(this.#wantCapabilities && { capabilities: { ...routerCapabilities } }),
      ...this.#node.report(),
    }
  }
}
