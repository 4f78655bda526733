import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'
import proxyAddr from '@fastify/proxy-addr'
import { SilentSockets } from '@veche/shared/SilentSockets'
import type { Env } from '../../env.ts'

/** Time for the head of the first request. Browsers open connections in advance, and open them again when they need them. */
const maxSilentMs = 10_000
const silentConnections = { total: 4_000, perAddress: 1_000 }

/** Ends connections on which no request comes. Connections of a trusted proxy are left to the proxy, because all its clients have its address here. */
export function limitSilentConnections(server: Server, env: Env): void {
  const isTrusted = proxyAddr.compile(env.TRUSTED_PROXIES)
  const silent = new SilentSockets(silentConnections)
  const onRequest = new WeakMap<Duplex, () => void>()
  server.on('connection', (socket) => {
    const ip = socket.remoteAddress ?? ''
    if (isTrusted(ip, 0)) return
    const remove = silent.add(ip, () => socket.destroy())
    const timer = setTimeout(() => socket.destroy(), maxSilentMs).unref()
    const stopWaiting = () => {
      clearTimeout(timer)
      remove()
    }
    onRequest.set(socket, stopWaiting)
    socket.once('close', stopWaiting)
  })
  const noteRequest = ({ socket }: { socket: Duplex }) => onRequest.get(socket)?.()
  server.on('request', noteRequest).on('upgrade', noteRequest)
}
