import type { DB } from '@veche/db/types.gen'
import type { MeetingId, UserId } from '@veche/shared/ids'
import { meetingLimits } from '@veche/shared/meeting-limits'
import { type Kysely, sql } from 'kysely'
import type { BaseDeps } from '../../deps.ts'
import { chatIdOfMeeting } from '../access.ts'
import { takenSeat } from '../states.ts'

/** How many people are in a meeting, and the first few of them. */
export type ParticipantPreview = { count: number; userIds: UserId[] }

const intervalMs = 1_000

/** Signals to the members of a chat who is in its meeting when that changes: at once, and at most once a second for a meeting. */
export class ParticipantPreviews {
  readonly #deps: Pick<BaseDeps, 'polls' | 'hints' | 'log'>
  /** Meetings that were signalled within the last second, and whether they have changed since. */
  readonly #recent = new Map<MeetingId, { changed: boolean }>()

  constructor(deps: Pick<BaseDeps, 'polls' | 'hints' | 'log'>) {
    this.#deps = deps
  }

  announce(meetingId: MeetingId): void {
    const recent = this.#recent.get(meetingId)
    if (recent) {
      recent.changed = true
      return
    }
    this.#recent.set(meetingId, { changed: false })
    setTimeout(() => this.#endInterval(meetingId), intervalMs).unref()
    void this.#signal(meetingId).catch((error: unknown) =>
      this.#deps.log.debug({ err: error }, 'a participant preview could not be signalled'),
    )
  }

  #endInterval(meetingId: MeetingId): void {
    const changed = this.#recent.get(meetingId)?.changed
    this.#recent.delete(meetingId)
    if (changed) this.announce(meetingId)
  }

  async #signal(meetingId: MeetingId): Promise<void> {
    const { polls, hints } = this.#deps
    const chatId = await chatIdOfMeeting({ db: polls }, meetingId)
    const previewOf = await readPreviews(polls, [meetingId])
    const signal = { kind: 'meeting' as const, chatId, meetingId, ...previewOf(meetingId) }
    hints.tell({ signal: { signal, chatIds: [chatId], userIds: [] } })
  }
}

/** The previews of these meetings; answers the function that finds each. */
export async function readPreviews(
  db: Kysely<DB>,
  meetingIds: MeetingId[],
): Promise<(meetingId: MeetingId) => ParticipantPreview> {
  const { rows } = await sql<ParticipantPreview & { id: MeetingId }>`
    select meeting_id as id, count(*)::int as count,
      (array_agg(user_id order by joined_at, id))[1:${sql.lit(meetingLimits.previewPeople)}] as "userIds"
    from seats where meeting_id = any(${meetingIds}::uuid[]) and ${takenSeat()} group by meeting_id`.execute(db)
  const previews = new Map(rows.map(({ id, ...preview }) => [id, preview]))
  return (meetingId) => previews.get(meetingId) ?? { count: 0, userIds: [] }
}
