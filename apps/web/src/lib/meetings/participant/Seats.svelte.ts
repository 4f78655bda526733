import type { MeetingId, SeatId } from '@veche/shared/ids'
import type { ChangesFrame, ScopeAnswer } from '@veche/shared/live'
import type { MeetingRow, Rows, SeatRow } from '@veche/shared/rows/rows'

/** Where the rows of a meeting come from: the frames of the live stream, and a query for what was missed. */
export type MeetingSource = {
  api: { scope(id: MeetingId, since: number): Promise<ScopeAnswer> }
  onMeeting(listener: (frame: ChangesFrame) => void): () => void
}

/**
 * The seats of one meeting as the server has them, followed during the call and not stored. The media node knows only who is
 * connected to it. These rows also tell who lost their connection or has not arrived yet.
 */
export class Seats {
  list = $state.raw<SeatRow[]>([])
  meeting = $state.raw<MeetingRow | null>(null)
  readonly #source: MeetingSource
  readonly #id: MeetingId
  #rows = new Map<SeatId, SeatRow>()
  #rev = 0
  #isRefreshing = false
  #isStale = false
  #stopped = false

  constructor(source: MeetingSource, id: MeetingId) {
    this.#source = source
    this.#id = id
  }

  /** Returns a function that stops it. */
  follow(): () => void {
    const unsubscribe = this.#source.onMeeting((frame) => this.#receive(frame))
    void this.refresh()
    return () => {
      this.#stopped = true
      unsubscribe()
    }
  }

  /** Called at the start, and whenever the live stream was interrupted. Only one query runs at a time; a second call repeats it. */
  async refresh(): Promise<void> {
    this.#isStale = true
    if (this.#isRefreshing) return
    this.#isRefreshing = true
    try {
      while (this.#isStale && !this.#stopped) {
        this.#isStale = false
        const answer = await this.#source.api.scope(this.#id, this.#rev)
        if (answer.gone) return
        if (answer.reset) this.#forget()
        this.#merge(answer.rows, answer.rev)
        this.#isStale ||= answer.more
      }
    } catch {
      // The next connection calls this again; until then the call shows what the media node tells.
    } finally {
      this.#isRefreshing = false
    }
  }

  #receive(frame: ChangesFrame): void {
    if (frame.id !== this.#id || this.#stopped) return
    if (frame.from > this.#rev) return void this.refresh()
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
