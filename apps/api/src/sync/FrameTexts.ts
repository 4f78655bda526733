import type { LiveFrame } from '@veche/shared/live'
import { shortFrame } from '@veche/shared/sent-frames'

/** What tRPC hands to a socket. `id` is that of the request with which the tab asked for its stream. */
type SocketMessage = { id?: number | string | null; result?: { data?: unknown } }

/**
 * The text of what a socket sends, without what its reader can work out. A frame for many tabs is one object, and is made into text
 * once: nearly all tabs ask for their stream in their first request, so the id in the text is the same.
 */
export class FrameTexts {
  readonly #texts = new WeakMap<LiveFrame, Map<SocketMessage['id'], string>>()

  encode(message: unknown): string {
    const { id, result } = message as SocketMessage
    const frame = result?.data
    return isFrame(frame) ? this.#textOf(id, frame) : JSON.stringify(message)
  }

  #textOf(id: SocketMessage['id'], frame: LiveFrame): string {
    const known = this.#texts.get(frame)?.get(id)
    if (known !== undefined) return known
    const text = JSON.stringify({ id, result: { type: 'data', data: shortFrame(frame) } })
    this.#texts.set(frame, (this.#texts.get(frame) ?? new Map()).set(id, text))
    return text
  }
}

function isFrame(data: unknown): data is LiveFrame {
  const types: LiveFrame['type'][] = ['hello', 'changes', 'signal']
  return typeof data === 'object' && data !== null && types.includes((data as LiveFrame).type)
}
