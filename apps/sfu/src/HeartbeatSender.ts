import { controlTls, type Heartbeat, type HeartbeatAnswer, heartbeatAnswer } from '@veche/shared/nodes'
import { isTooOld, protocol } from '@veche/shared/protocol'
import { Agent, fetch } from 'undici'
import type { Stop } from './clock.ts'
import type { Deps } from './deps.ts'
import { reachable } from './media/addresses.ts'
import { routerCapabilities } from './media/codecs.ts'
import type { Node } from './Node.ts'

const intervalMs = 1_000
const timeoutMs = 2_000

/** Reports the node and its seats to the API every second, and applies the answer. An API that does not answer ends no call. */
export class HeartbeatSender {
  readonly #deps: Deps
  readonly #node: Node
  readonly #ports: { signalling: number; control: number }
  readonly #agent: Agent
  readonly #stop: Stop
  #isSending = false
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
        timeout: timeoutMs,
        pskCallback: () => ({ psk, identity: node.id }),
        // Both sides prove the pre-shared key, so there is no certificate to check.
        checkServerIdentity: () => undefined,
      },
    })
    this.#stop = deps.clock.every(intervalMs, () => this.#sendUnlessBusy())
    this.#sendUnlessBusy()
  }

  async stop(): Promise<void> {
    this.#stop()
    await this.#agent.destroy()
  }

  /** One heartbeat at a time. */
  #sendUnlessBusy(): void {
    if (this.#isSending) return
    this.#isSending = true
    void this.#send().finally(() => (this.#isSending = false))
  }

  async #send(): Promise<void> {
    const { metrics, log } = this.#deps
    try {
      await this.#node.applyHeartbeatAnswer(await this.#request())
      metrics.heartbeats.inc({ outcome: 'ok' })
      if (this.#failures > 0) log.info({ missed: this.#failures }, 'the API answers again')
      this.#failures = 0
    } catch (error) {
      metrics.heartbeats.inc({ outcome: 'failed' })
      if (this.#failures === 0) log.warn({ err: error }, 'the API does not answer; calls go on')
      this.#failures += 1
    }
  }

  async #request(): Promise<HeartbeatAnswer> {
    const urls = this.#deps.env.API_CONTROL_URL
    // After a failure the next URL in the list is tried.
    const url = new URL('/heartbeat', urls[this.#failures % urls.length])
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(this.#heartbeat()),
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (answer.status === 426) throw new Error('this media node is too old for the API: upgrade it')
    if (!answer.ok) throw new Error(`the API answered ${answer.status}`)
    const read = heartbeatAnswer.parse(await answer.json())
    if (isTooOld(read.protocol)) throw new Error('the API is too old for this media node: upgrade it')
    this.#wantCapabilities = read.wantCapabilities
    return read
  }

  #heartbeat(): Heartbeat {
    const { env } = this.#deps
    return {
      protocol: protocol.version,
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
