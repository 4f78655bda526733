import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import type { ErrorCode, WireError } from '@veche/shared/errors'
import type { JoinAnswer } from '@veche/shared/meetings'
import type { BootId, NodeId } from '@veche/shared/ids'
import type { RoomFrame, SfuRouter } from '@veche/sfu/router'
import { onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Deps } from '../../deps.ts'
import { nodeKeys } from '../../nodes/keys.ts'
import { knownNodes } from '../../nodes/known-nodes.ts'

const main = fileURLToPath(new URL('../../../../sfu/src/main.ts', import.meta.url))
export const waitUnderLoad = { timeout: 150_000, interval: 30 }

/** Starts a process of apps/sfu with one media worker; it sends its heartbeats to this control port. */
export async function realNode(deps: Deps, id: string, controlUrl: string, settings: Record<string, string> = {}) {
  const child = spawn(process.execPath, [main], {
    env: {
      SFU_NODE: id,
      SFU_KEY: nodeKeys(deps.env, id as NodeId)[0]!.toString('hex'),
      SFU_PORT: '0',
      API_CONTROL_URL: controlUrl,
      MEDIA_HOST: '127.0.0.1',
      MEDIA_PORT: '0',
      SFU_WORKERS: '1',
      PUBLIC_URL: deps.env.PUBLIC_URL,
      LOG_LEVEL: 'silent',
      MEDIASOUP_WORKER_BIN: process.env['MEDIASOUP_WORKER_BIN'] ?? '',
      ...settings,
    },
    stdio: 'ignore',
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const boot = await vi.waitFor(() => bootOf(deps, id, child), waitUnderLoad)
  const kill = async () => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  return { id: id as NodeId, boot, kill }
}

/** Answers when meetings can be placed on the node. */
async function bootOf(deps: Deps, id: string, child: ChildProcess): Promise<BootId> {
  if (child.exitCode !== null) throw new Error(`the node ended with ${child.exitCode}`)
  const known = (await knownNodes(deps.polls)).find((node) => node.id === id)
  if (!known?.hasCapabilities || !deps.nodeWatch.hasAnswered(known)) throw new Error('the node is not known yet')
  return known.boot
}

/** A browser's signalling connection to the address in the answer; it tries once. */
export class Caller {
  readonly frames: RoomFrame[] = []
  closedAt: number | undefined
  /** The code with which the node refused to let it in. */
  refusal: ErrorCode | undefined
  readonly #client: ReturnType<typeof createWSClient>

  constructor(base: string, answer: JoinAnswer, origin = 'http://localhost:8080') {
    class FromPage extends WebSocket {
      constructor(address: string | URL) {
        super(address, { origin, headers: { cookie: '__Host-veche=secret' } })
        this.on('error', () => undefined)
      }
    }
    this.#client = createWSClient({
      url: new URL(answer.sfuUrl, base.replace('http', 'ws')).href,
      WebSocket: FromPage as unknown as typeof globalThis.WebSocket,
      retryDelayMs: () => 1e9,
      onClose: () => (this.closedAt = Date.now()),
    })
    const { room } = createTRPCClient<SfuRouter>({ links: [wsLink({ client: this.#client })] })
    const rtpCapabilities = answer.routerRtpCapabilities as never
    const input = { ticket: answer.ticket, rtpCapabilities, view: { tiles: [] } }
    room.join.subscribe(input, {
      onData: (frame) => this.frames.push(frame),
      onError: (error) => (this.refusal = (error.data as { veche?: WireError } | undefined)?.veche?.code),
    })
    onTestFinished(() => this.close())
  }

  frame<T extends RoomFrame['type']>(type: T) {
    return vi.waitFor(() => {
      const found = this.frames.find((frame): frame is Extract<RoomFrame, { type: T }> => frame.type === type)
      if (!found) throw new Error(`no frame ${type} among ${JSON.stringify(this.frames.map((frame) => frame.type))}`)
      return found
    }, waitUnderLoad)
  }

  close(): void {
    void this.#client.close()
  }
}
