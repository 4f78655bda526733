import { countedKinds } from '@veche/shared/messages'
import type { MessageRow } from '@veche/shared/rows/rows'

/** Finds the messages of others that come while a history is shown at its newest message. */
export class Arrivals {
  #lastSeq: number | null = null

  /** The end of the history is not shown any more. */
  forget(): void {
    this.#lastSeq = null
  }

  /** Those that have come since the call before, the oldest first. The first call only remembers where the history ends. */
  take(rows: MessageRow[], me: string | null): MessageRow[] {
    const before = this.#lastSeq
    this.#lastSeq = Math.max(before ?? 0, rows.at(-1)?.seq ?? 0)
    if (before === null) return []
    const newer = rows.slice(rows.findLastIndex(({ seq }) => seq <= before) + 1)
    return newer.filter(({ kind, authorId }) => countedKinds.includes(kind) && authorId !== me)
  }
}
