import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { createApp } from './app.ts'
import type { Deps } from './deps.ts'
import { controlPort } from './env.ts'
import { HeartbeatSender } from './HeartbeatSender.ts'
import { Node } from './Node.ts'
import { createControlServer } from './signalling/control-server.ts'
import { startSignallingServer } from './signalling/signalling-server.ts'

export type RunningNode = {
  node: Node
  ports: { signalling: number; control: number }
  close: () => Promise<void>
}

/** How long the last frames may take to leave. */
const drainTimeoutMs = 400

/** Starts the node with its servers and its heartbeat. Tests use the same function. */
export async function startNode(deps: Deps): Promise<RunningNode> {
  const { env } = deps
  const node = await Node.start(deps)
  const http = createApp(deps, node)
  const control = createControlServer(deps, node)
  const signalling = startSignallingServer(http, deps, node)
  try {
    await http.listen({ host: env.SFU_HOST, port: env.SFU_PORT })
    control.listen(controlPort(env), env.SFU_CONTROL_HOST)
    await once(control, 'listening')
  } catch (error) {
    node.close()
    await http.close()
    throw error
  }
  const ports = { signalling: portOf(http.server.address()), control: portOf(control.address()) }
  const heartbeats = new HeartbeatSender(deps, node, ports)
  const close = async () => {
    // The control server closes first: the API must not take a stopping node for a living one when clients ask for another node.
    control.close()
    control.closeAllConnections()
    node.stop()
    await heartbeats.stop()
    await Promise.race([signalling.drained(), setTimeout(drainTimeoutMs, undefined, { ref: false })])
    signalling.close()
    node.close()
    await http.close()
  }
  return { node, ports, close }
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}
