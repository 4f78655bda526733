import type { IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { BootId, NodeId } from '@veche/shared/ids'
import { nodeId } from '@veche/shared/schemas/fields'
import type { Deps } from '../deps.ts'
import { isOwnOrigin } from '../platform/http/origin.ts'
import { refuseUpgrade, type UpgradeHandler } from '../platform/http/upgrades.ts'
import type { KnownNode } from './nodes/known-nodes.ts'

type Pipe = { node: NodeId; boot: BootId; end: () => void }

const connectMs = 2_000

/**
 * `/sfu/<node>` of our own address is the signalling of that node: what goes either way is passed on as it is. When the node goes, so
 * does the socket, at once: the browser's ladder begins there.
 */
export function openSignallingPipe(deps: Deps): UpgradeHandler {
  const pipes = new Set<Pipe>()
  const unlisten = deps.nodes.listen((nodes) => endLost(pipes, nodes))
  return {
    accepts: (path) => path.startsWith('/sfu/'),
    upgrade: (req, socket, head) => {
      if (!isOwnOrigin(deps.env, req.headers.origin)) return refuseUpgrade(socket, 403)
      open(deps, pipes, { req, socket, head }).catch((error: unknown) => {
        deps.log.debug({ err: error }, 'a signalling socket could not be passed on')
        refuseUpgrade(socket, 502)
      })
    },
    close: () => {
      unlisten()
      for (const pipe of pipes) pipe.end()
    },
  }
}

type Upgrade = { req: IncomingMessage; socket: Duplex; head: Buffer }

async function open(deps: Deps, pipes: Set<Pipe>, { req, socket, head }: Upgrade): Promise<void> {
  const id = nodeId.safeParse(req.url?.split('?')[0]?.slice('/sfu/'.length))
  if (!id.success) return refuseUpgrade(socket, 404)
  const query = deps.polls.selectFrom('sfu_nodes').select(['boot_id', 'dead_boot', 'signalling'])
  const node = await query.where('id', '=', id.data).executeTakeFirst()
  if (!node) return refuseUpgrade(socket, 404)
  if (node.boot_id === node.dead_boot) return refuseUpgrade(socket, 502)
  const far = await reach(node.signalling)
  if (socket.destroyed) return void far.destroy()
  const pipe: Pipe = { node: id.data, boot: node.boot_id, end: () => void socket.destroy() }
  pipes.add(pipe)
  join(far, socket, () => pipes.delete(pipe))
  far.write(headOf(req))
  if (head.length > 0) far.write(head)
}

function reach(signalling: string): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const far = connect({ ...addressOf(signalling), noDelay: true })
  far.setTimeout(connectMs, () => far.destroy(new Error('the node does not answer')))
  far.once('error', reject)
  far.once('connect', () => {
    far.setTimeout(0)
    resolve(far)
  })
  return promise
}

/** Either end takes the other with it. */
function join(far: Socket, socket: Duplex, ended: () => void): void {
  far.on('error', () => far.destroy())
  far.once('close', () => {
    ended()
    socket.destroy()
  })
  socket.once('close', () => far.destroy())
  far.pipe(socket)
  socket.pipe(far)
}

/** The request as it came, without what proves who somebody is: the node is told that by a ticket. */
function headOf(req: IncomingMessage): string {
  const kept: string[] = []
  for (let at = 0; at < req.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = req.rawHeaders.slice(at, at + 2)
    if (!/^(cookie|authorization|x-forwarded-.*|forwarded)$/i.test(name)) kept.push(`${name}: ${value}`)
  }
  return `${req.method} ${req.url} HTTP/1.1\r\n${kept.join('\r\n')}\r\n\r\n`
}

function addressOf(signalling: string): { host: string; port: number } {
  const at = signalling.lastIndexOf(':')
  return { host: signalling.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(signalling.slice(at + 1)) }
}

/** A host that is gone says no goodbye: those whose node was found dead, or has begun a new life, are ended here. */
function endLost(pipes: Set<Pipe>, nodes: KnownNode[]): void {
  for (const pipe of pipes)
    if (!nodes.some((node) => node.id === pipe.node && node.boot === pipe.boot && !node.dead)) pipe.end()
}
