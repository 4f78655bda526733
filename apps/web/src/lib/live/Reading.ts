import type { ChatId } from '@veche/shared/ids'
import { appError } from '../api/error.ts'
import { applyRead } from '../store/answers.ts'
import { readUpTo, untold } from '../store/reading.ts'
import type { Store } from '../store/Store.ts'
import type { LiveApi } from './api.ts'
import type { Intake } from './Intake.ts'
import type { World } from './world.ts'

const PACE_MS = 1_000
const LONGEST_MS = 30_000

/** Tells the server how far this person has read and what has been delivered, at most once a second; what cannot be told now is told later. */
export class Reading {
  readonly #deps: { store: Store; api: LiveApi; world: World; intake: Intake }
  #cancel: (() => void) | undefined
  #busy = false
  #again = false
  #stopped = false
  /** Rounds in a row that did not get through. */
  #failures = 0
  #delivered = new Map<ChatId, number>()

  constructor(deps: { store: Store; api: LiveApi; world: World; intake: Intake }) {
    this.#deps = deps
  }

  async seen(chatId: ChatId, seq: number): Promise<void> {
    const moved = await this.#deps.intake.commit((merge) => readUpTo(merge, chatId, seq))
    if (moved) this.tell()
  }

  arrived(chatId: ChatId, seq: number): void {
    this.#delivered.set(chatId, Math.max(seq, this.#delivered.get(chatId) ?? 0))
    this.tell()
  }

  /** Now, unless something was told less than a second ago. */
  tell(): void {
    if (this.#stopped) return
    if (this.#busy || this.#cancel) {
      this.#again = true
      return
    }
    this.#busy = true
    void this.#tellAll().then((through) => {
      this.#busy = false
      this.#again ||= !through
      const pause = Math.min(LONGEST_MS, PACE_MS * 2 ** this.#failures)
      this.#failures = through ? 0 : this.#failures + 1
      this.#cancel = this.#deps.world.after(pause, () => {
        this.#cancel = undefined
        if (!this.#again) return
        this.#again = false
        this.tell()
      })
    })
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }

  /** False: something did not get through, and is to be told again. */
  async #tellAll(): Promise<boolean> {
    const { store } = this.#deps
    const delivered = [...this.#delivered]
    this.#delivered.clear()
    const read = await store.read((tx) => untold(tx)).catch(() => [])
    const told = await Promise.all([
      ...read.map(({ chatId, seq }) => this.#tellRead(chatId, seq)),
      ...delivered.map(([chatId, seq]) => this.#tellDelivered(chatId, seq)),
    ])
    return told.every(Boolean)
  }

  /** What fails stays in the database as read but not told, so that also the next tab would tell it. */
  async #tellRead(chatId: ChatId, seq: number): Promise<boolean> {
    const { api, intake } = this.#deps
    try {
      const answer = await api.read(chatId, seq)
      await intake.commit((merge) => applyRead(merge, answer))
      return true
    } catch (thrown) {
      return isFinal(thrown)
    }
  }

  async #tellDelivered(chatId: ChatId, seq: number): Promise<boolean> {
    try {
      await this.#deps.api.delivered(chatId, seq)
      return true
    } catch (thrown) {
      if (isFinal(thrown)) return true
      if (!this.#delivered.has(chatId)) this.#delivered.set(chatId, seq)
      return false
    }
  }
}

/** The chat is not ours any more, and goes by itself; or nobody is signed in. */
function isFinal(thrown: unknown): boolean {
  const { code } = appError(thrown)
  return code === 'chat.not_found' || code === 'auth.required' || code === 'input.invalid'
}
