import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { createApp } from './app.ts'
import { createControlDoor } from './signalling/control-server.ts'
import type { Deps } from './deps.ts'
import { controlPort } from './env.ts'
import { Heart } from './HeartbeatSender.ts'
import { Node } from './Node.ts'
import { openSignallingDoor } from './signalling/signalling-server.ts'

export type House = {
  node: Node
  heart: Heart
  ports: { signalling: number; control: number }
  close: () => Promise<void>
}

/** How long the last words have to leave, if there is still anybody to hear them. */
const goodbye = 400

/** The node with all its doors open; tests use the very same. */
export async function openHouse(deps: Deps): Promise<House> {
  const { env } = deps
  const node = await Node.start(deps)
  const http = createApp(deps, node)
  const control = createControlDoor(deps, node)
  const door = openSignallingDoor(http, deps, node)
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
  const heart = new Heart(deps, node, ports)
  const close = async () => {
    // First of all the API's door: a node that stops must not be taken for one that lives when somebody asks for another place.
    control.close()
    control.closeAllConnections()
    node.stop()
    await heart.stop()
    await Promise.race([door.empty(), setTimeout(goodbye, undefined, { ref: false })])
    door.close()
    node.close()
    await http.close()
  }
  return { node, heart, ports, close }
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}
