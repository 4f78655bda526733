import type { LiveFrame } from '@veche/shared/live'
import { shortFrame } from '@veche/shared/sent-frames'

/** What tRPC hands to a socket. The number is that of the request which the tab made for its stream. */
type ToTab = { id?: number | string | null; result?: { data?: unknown } }

/**
 * The text of what a socket sends, without what its reader can tell. A frame for many tabs is one object, and is made into text once: nearly all tabs ask for their
 * stream in their first request, so the number in the text is the same.
 */
export class FrameTexts {
  readonly #texts = new WeakMap<object, Map<ToTab['id'], string>>()

  encode(message: unknown): string {
    const { id, result } = message as ToTab
    const frame = result?.data
    if (typeof frame !== 'object' || frame === null) return JSON.stringify(message)
    const known = this.#texts.get(frame)?.get(id)
    if (known !== undefined) return known
    const data = shortFrame(frame as LiveFrame)
    const text = JSON.stringify({ ...(message as ToTab), result: { ...result, data } })
    this.#texts.set(frame, (this.#texts.get(frame) ?? new Map()).set(id, text))
    return text
  }
}
