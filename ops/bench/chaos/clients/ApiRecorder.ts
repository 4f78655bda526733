import type { UserId } from '@veche/shared/ids'
import type { ChangesFrame, LiveFrame } from '@veche/shared/live'
import type { MessageRow, Rows } from '@veche/shared/rows/rows'
import type { EngineApi } from './engine.ts'
import type { StormRecord } from '../record/record.ts'

type Notes = Pick<StormRecord, 'tries' | 'acks' | 'refusals' | 'sightings' | 'stepsBack'>

/** Errors after which a later try may succeed. */
const passing = /^(server|request|auth|network)\./

/** Records all calls and frames between an engine and its server, and changes nothing. */
export class ApiRecorder {
  /** When the engine last became online; null while it is offline. */
  onlineSince: number | null = null
  readonly #device: string
  readonly #userId: UserId
  readonly #notes: Notes
  readonly #seen = new Set<string>()

  constructor(device: string, userId: UserId, notes: Notes) {
    this.#device = device
    this.#userId = userId
    this.#notes = notes
  }

  listen(api: EngineApi): EngineApi {
    return {
      ...api,
      state: async (scopes) => {
        const answer = await api.state(scopes)
        for (const { rows } of answer.scopes) this.#sees(rows, true)
        return answer
      },
      scope: async (id, since) => {
        const answer = await api.scope(id, since)
        this.#sees(answer.rows, true)
        return answer
      },
      chats: async (cursor) => {
        const page = await api.chats(cursor)
        for (const { rows } of page.chats) this.#sees(rows, false)
        return page
      },
      history: async (ask) => {
        const page = await api.history(ask)
        this.#sees({ messages: page.messages }, false)
        return page
      },
      send: (message) => this.#send(api, message),
      listen: (events) => {
        const revs = new Map<string, number>()
        return api.listen({
          ...events,
          frame: (frame) => {
            this.#hears(frame, revs)
            events.frame(frame)
          },
        })
      },
    }
  }

  async #send(api: EngineApi, message: Parameters<EngineApi['send']>[0]): ReturnType<EngineApi['send']> {
    const { tries, acks, refusals } = this.#notes
    const { clientId, chatId } = message
    tries[clientId] = (tries[clientId] ?? 0) + 1
    try {
      const answer = await api.send(message)
      acks.push({ clientId, chatId, seq: answer.message.seq })
      this.#sees({ messages: [answer.message] }, true)
      return answer
    } catch (error) {
      const code = codeOf(error)
      if (code && !passing.test(code)) refusals.push({ clientId, code })
      throw error
    }
  }

  #hears(frame: LiveFrame, revs: Map<string, number>): void {
    if (frame.type !== 'changes') return
    this.#goesOn(frame, revs)
    this.#sees(frame.rows, true)
  }

  /** Within one socket the revisions of a scope's frames only rise. */
  #goesOn({ id, from, rev }: ChangesFrame, revs: Map<string, number>): void {
    const before = revs.get(id) ?? 0
    if (from < before || rev < from)
      this.#notes.stepsBack.push({ device: this.#device, chatId: id, what: 'a frame', from: before, to: from })
    revs.set(id, Math.max(before, rev))
  }

  #sees({ messages }: Rows, byItself: boolean): void {
    for (const row of messages ?? []) this.#sight(row, byItself)
  }

  #sight({ chatId, seq, createdAt }: MessageRow, byItself: boolean): void {
    const key = `${chatId} ${seq}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    const steady = byItself && this.onlineSince !== null && this.onlineSince <= Date.parse(createdAt)
    this.#notes.sightings.push({ device: this.#device, userId: this.#userId, chatId, seq, at: Date.now(), steady })
  }
}

function codeOf(error: unknown): string | undefined {
  const data = error instanceof Error && 'data' in error ? (error.data as { veche?: { code?: string } } | null) : null
  return data?.veche?.code
}
