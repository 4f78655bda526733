import type { MeetingId, SeatId } from '@veche/shared/ids'
import type { ChangesFrame, ScopeAnswer } from '@veche/shared/live'
import type { MeetingRow, Rows, SeatRow } from '@veche/shared/rows/rows'

/** Where the rows of a meeting come from: frames while they flow, and an answer to what was missed. */
export type MeetingSource = {
  api: { scope(id: MeetingId, since: number): Promise<ScopeAnswer> }
  onMeeting(listener: (frame: ChangesFrame) => void): () => void
}

/**
 * The seats of one meeting as the server has them, followed for as long as one sits in it and kept nowhere. The media node only knows
 * whom it hears: whose node died, or who has not come back yet, is known from here.
 */
export class Seats {
  list = $state.raw<SeatRow[]>([])
  meeting = $state.raw<MeetingRow | null>(null)
  readonly #source: MeetingSource
  readonly #id: MeetingId
  #rows = new Map<SeatId, SeatRow>()
  #rev = 0
  #asking = false
  #behind = false
  #stopped = false

  constructor(source: MeetingSource, id: MeetingId) {
    this.#source = source
    this.#id = id
  }

  /** Answers how to stop. */
  follow(): () => void {
    const off = this.#source.onMeeting((frame) => this.#hear(frame))
    void this.ask()
    return () => {
      this.#stopped = true
      off()
    }
  }

  /** At first, and whenever the stream of frames was interrupted. Two questions at once are one, asked again. */
  async ask(): Promise<void> {
    this.#behind = true
    if (this.#asking) return
    this.#asking = true
    try {
      while (this.#behind && !this.#stopped) {
        this.#behind = false
        const answer = await this.#source.api.scope(this.#id, this.#rev)
        if (answer.gone) return
        if (answer.reset) this.#forget()
        this.#merge(answer.rows, answer.rev)
        this.#behind ||= answer.more
      }
    } catch {
      // The next connection asks again; until then what the media node says is all there is.
    } finally {
      this.#asking = false
    }
  }

  #hear(frame: ChangesFrame): void {
    if (frame.id !== this.#id || this.#stopped) return
    if (frame.from > this.#rev) return void this.ask()
    this.#merge(frame.rows, frame.rev)
  }

  #merge({ seats = [], meetings = [] }: Rows, rev: number): void {
    for (const row of seats) if (row.rev > (this.#rows.get(row.id)?.rev ?? 0)) this.#rows.set(row.id, row)
    for (const row of meetings) if (row.id === this.#id && row.rev > (this.meeting?.rev ?? 0)) this.meeting = row
    this.#rev = Math.max(this.#rev, rev)
    this.list = [...this.#rows.values()]
  }

  #forget(): void {
    this.#rows.clear()
    this.meeting = null
    this.#rev = 0
  }
}
