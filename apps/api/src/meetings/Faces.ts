import type { MeetingId } from '@veche/shared/ids'
import type { BaseDeps } from '../deps.ts'
import { chatOf } from './access.ts'
import { facesOf } from './looking.ts'

const atMostEvery = 1_000

/** Tells the people of a chat who is in its meeting when somebody comes or goes: at once, and at most once a second. */
export class Faces {
  readonly #deps: Pick<BaseDeps, 'polls' | 'hints' | 'log'>
  /** Meetings that were told of a moment ago, and whether there has been news since. */
  readonly #resting = new Map<MeetingId, boolean>()

  constructor(deps: Pick<BaseDeps, 'polls' | 'hints' | 'log'>) {
    this.#deps = deps
  }

  tell(meetingId: MeetingId): void {
    if (this.#resting.has(meetingId)) return void this.#resting.set(meetingId, true)
    this.#resting.set(meetingId, false)
    setTimeout(() => this.#rested(meetingId), atMostEvery).unref()
    void this.#tell(meetingId).catch((error: unknown) => this.#deps.log.debug({ err: error }, 'faces were not told'))
  }

  #rested(meetingId: MeetingId): void {
    const news = this.#resting.get(meetingId)
    this.#resting.delete(meetingId)
    if (news) this.tell(meetingId)
  }

  async #tell(meetingId: MeetingId): Promise<void> {
    const { polls, hints } = this.#deps
    const chatId = await chatOf({ db: polls }, meetingId)
    const faces = await facesOf(polls, meetingId)
    const signal = { kind: 'meeting' as const, chatId, meetingId, ...faces(meetingId) }
    hints.tell({ signal: { signal, chatIds: [chatId], userIds: [] } })
  }
}
