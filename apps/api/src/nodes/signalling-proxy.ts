import { createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { BootId, NodeId } from '@veche/shared/ids'
import proxyAddr from '@fastify/proxy-addr'
import { clientAddressHeader, clientAddressText } from '@veche/shared/nodes'
import { nodeId } from '@veche/shared/schemas/fields'
import type { Deps } from '../deps.ts'
import { isOwnOrigin } from '../platform/http/origin.ts'
import { refuseUpgrade, type UpgradeHandler } from '../platform/http/upgrades.ts'
import { nodeKeys } from './keys.ts'
import type { KnownNode } from './known-nodes.ts'

type Pipe = { node: NodeId; boot: BootId; end: () => void }

const pathPrefix = '/sfu/'
const connectTimeoutMs = 2_000
/** The first bytes of an answer that turns the connection into a WebSocket. */
const switching = Buffer.from('HTTP/1.1 101 ')

/**
 * `/sfu/<node>` of our own address is the signalling of that node: bytes are passed on unchanged in both directions. When the node
 * ends, so does the browser's socket at once, and the browser begins to reconnect.
 */
export function openSignallingProxy(deps: Deps): UpgradeHandler {
  const pipes = new Set<Pipe>()
  const unlisten = deps.nodeWatch.listen((nodes) => endLostPipes(pipes, nodes))
  return {
    accepts: (path) => path.startsWith(pathPrefix),
    upgrade: (req, socket, head) => {
      if (!isOwnOrigin(deps.env, req.headers.origin)) return refuseUpgrade(socket, 403)
      openPipe(deps, pipes, { req, socket, head }).catch((error: unknown) => {
        deps.log.debug({ err: error }, 'a signalling socket could not be connected to its node')
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

async function openPipe(deps: Deps, pipes: Set<Pipe>, { req, socket, head }: Upgrade): Promise<void> {
  const id = nodeId.safeParse(req.url?.split('?')[0]?.slice(pathPrefix.length))
  if (!id.success) return refuseUpgrade(socket, 404)
  const query = deps.polls.selectFrom('sfu_nodes').select(['boot_id', 'dead_boot', 'signalling'])
  const node = await query.where('id', '=', id.data).executeTakeFirst()
  if (!node) return refuseUpgrade(socket, 404)
  if (node.boot_id === node.dead_boot) return refuseUpgrade(socket, 502)
  const nodeSocket = await connectTo(node.signalling)
  if (socket.destroyed) return void nodeSocket.destroy()
  const pipe: Pipe = { node: id.data, boot: node.boot_id, end: () => void socket.destroy() }
  pipes.add(pipe)
  closeTogether(nodeSocket, socket, () => pipes.delete(pipe))
  nodeSocket.write(requestHead(req, clientAddressProof(deps, id.data, req)))
  // A browser waits for the answer before it sends or ends anything.
  const endEarly = () => void socket.destroy()
  socket.on('data', endEarly).on('end', endEarly)
  nodeSocket.once('data', (answer: Buffer) => {
    socket.off('data', endEarly).off('end', endEarly)
    // Anything else is no media node, whatever its heartbeat says: not a byte of it reaches the browser.
    if (!answer.subarray(0, switching.length).equals(switching)) return refuseUpgrade(socket, 502)
    socket.write(answer)
    if (head.length > 0) nodeSocket.write(head)
    nodeSocket.pipe(socket)
    socket.pipe(nodeSocket)
  })
}

function connectTo(signalling: string): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect({ ...parseAddress(signalling), noDelay: true })
  socket.setTimeout(connectTimeoutMs, () => socket.destroy(new Error('the node does not answer')))
  socket.once('error', reject)
  socket.once('connect', () => {
    socket.setTimeout(0)
    resolve(socket)
  })
  return promise
}

/** When one end closes, the other is closed too. */
function closeTogether(nodeSocket: Socket, socket: Duplex, onClosed: () => void): void {
  nodeSocket.on('error', () => nodeSocket.destroy())
  nodeSocket.once('close', () => {
    onClosed()
    socket.destroy()
  })
  socket.once('close', () => nodeSocket.destroy())
}

/** Tells the node where the browser is, with a proof for each key that the node may have. */
function clientAddressProof({ env }: Deps, node: NodeId, req: IncomingMessage): string {
  const address = proxyAddr(req, proxyAddr.compile(env.TRUSTED_PROXIES)).replace(/[^\w.:]/g, '')
  const text = clientAddressText(address, req.headers['sec-websocket-key'])
  const proofs = nodeKeys(env, node).map((key) => createHmac('sha256', key).update(text).digest('base64url'))
  return `${clientAddressHeader}: ${[address, ...proofs].join(' ')}`
}

/** The request as it came, without the headers that prove who the person is: the node learns that from a ticket. */
function requestHead(req: IncomingMessage, addressProof: string): string {
  const kept: string[] = [addressProof]
  for (let index = 0; index < req.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = req.rawHeaders.slice(index, index + 2)
    if (!/^(cookie|authorization|x-forwarded-.*|forwarded|x-veche-address)$/i.test(name)) kept.push(`${name}: ${value}`)
  }
  return `${req.method} ${req.url} HTTP/1.1\r\n${kept.join('\r\n')}\r\n\r\n`
}

function parseAddress(signalling: string): { host: string; port: number } {
  const colon = signalling.lastIndexOf(':')
  return { host: signalling.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(signalling.slice(colon + 1)) }
}

/** A host that lost its power closes no sockets, so those whose node is dead or has another boot are ended here. */
function endLostPipes(pipes: Set<Pipe>, nodes: KnownNode[]): void {
  for (const pipe of pipes)
    if (!nodes.some((node) => node.id === pipe.node && node.boot === pipe.boot && !node.dead)) pipe.end()
}
