import type { types } from 'mediasoup-client'
import type { CallNode } from './SignallingSocket.ts'

/**
 * Firefox drops what arrives before its transport is connected, among it the key frame that the node asked for, and the picture would
 * wait a second for the next one. So in Firefox the node is told that it may send only when the transport is connected.
 */
export function losesEarlyMedia({ handlerName }: Pick<types.Device, 'handlerName'>): boolean {
  return handlerName.startsWith('Firefox')
}

type Connecting = Pick<types.Transport, 'connectionState' | 'closed' | 'on' | 'observer'>

/** Calls the node once the transport is connected. After its end there is nothing to wait for. */
export function callWhenConnected(transport: Connecting, callNode: CallNode): CallNode {
  return async (call) => {
    await connected(transport)
    return callNode(call)
  }
}

function connected(transport: Connecting): Promise<void> {
  if (transport.connectionState === 'connected' || transport.closed) return Promise.resolve()
  return new Promise((resolve) => {
    transport.on('connectionstatechange', (state) => state === 'connected' && resolve())
    transport.observer.once('close', resolve)
  })
}
