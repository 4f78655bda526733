import type { EndReason, RoomFrame } from '../signalling/frames.ts'
import { FrameQueue } from '../signalling/FrameQueue.ts'
import type { SignallingSocket } from '../signalling/SignallingSocket.ts'

/** The socket of a peer. A client may lose it and come back with another; meanwhile frames go nowhere. */
export class PeerSocket {
  #queue: FrameQueue | null = null
  /** No call has come on this socket yet, so its client may not have the secret of the first frame. */
  #awaitsCall = false

  get isAttached(): boolean {
    return this.#queue !== null
  }

  /** When its client was last heard; null while there is no socket. */
  get lastMessageAt(): number | null {
    return this.#queue?.socket.lastMessageAt ?? null
  }

  /** Takes this socket in place of the one before, which is cut without a frame. */
  attach(socket: SignallingSocket, first: RoomFrame): FrameQueue {
    this.#cut()
    this.#queue = new FrameQueue(socket, first)
    this.#awaitsCall = true
    return this.#queue
  }

  /** The socket of this queue is gone. False when there is another by now. */
  detach(queue: FrameQueue): boolean {
    if (this.#queue !== queue) return false
    queue.socket.close(1000, 'over')
    this.#queue = null
    return true
  }

  push(frame: RoomFrame): void {
    this.#queue?.push(frame)
  }

  /** Whether this call is the first one on the socket. */
  takeFirstCall(): boolean {
    const isFirst = this.#awaitsCall
    this.#awaitsCall = false
    return isFirst
  }

  /** Sends the last frame, and closes. */
  end(reason: EndReason): void {
    const queue = this.#queue
    this.#queue = null
    queue?.end({ type: 'ended', reason })
    queue?.socket.close(1000, reason)
  }

  #cut(): void {
    const queue = this.#queue
    if (!queue) return
    queue.end()
    queue.socket.cut('resumed')
    queue.socket.peer = null
  }
}
