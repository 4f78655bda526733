import type { DialogId } from '@veche/shared/ids'
import { applyRead } from '../store/answers.ts'
import { readUpTo, untold } from '../store/reading.ts'
import type { Store } from '../store/Store.ts'
import type { LiveApi } from './api.ts'
import type { Intake } from './Intake.ts'
import type { World } from './world.ts'

const PACE_MS = 1_000

/** Tells the server how far this person has read and what has been delivered, at most once a second; what cannot be told now is told later. */
export class Reading {
  readonly #deps: { store: Store; api: LiveApi; world: World; intake: Intake }
  #cancel: (() => void) | undefined
  #busy = false
  #again = false
  #stopped = false
  #delivered = new Map<DialogId, number>()

  constructor(deps: { store: Store; api: LiveApi; world: World; intake: Intake }) {
    this.#deps = deps
  }

  async seen(dialogId: DialogId, seq: number): Promise<void> {
    const moved = await this.#deps.intake.commit((merge) => readUpTo(merge, dialogId, seq))
    if (moved) this.tell()
  }

  arrived(dialogId: DialogId, seq: number): void {
    this.#delivered.set(dialogId, Math.max(seq, this.#delivered.get(dialogId) ?? 0))
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
    void this.#tellAll().finally(() => {
      this.#busy = false
      this.#cancel = this.#deps.world.after(PACE_MS, () => {
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

  async #tellAll(): Promise<void> {
    const { store } = this.#deps
    const delivered = [...this.#delivered]
    this.#delivered.clear()
    const read = await store.read((tx) => untold(tx))
    await Promise.all([
      ...read.map(({ dialogId, seq }) => this.#tellRead(dialogId, seq)),
      ...delivered.map(([dialogId, seq]) => this.#tellDelivered(dialogId, seq)),
    ])
  }

  /** What fails stays in the database as read but not told, and is told after the next hello. */
  async #tellRead(dialogId: DialogId, seq: number): Promise<void> {
    const { api, intake } = this.#deps
    try {
      const answer = await api.read(dialogId, seq)
      await intake.commit((merge) => applyRead(merge, answer))
    } catch {
      // Offline, or no longer there: in the first case it is told later, in the second the dialog goes by itself.
    }
  }

  async #tellDelivered(dialogId: DialogId, seq: number): Promise<void> {
    try {
      await this.#deps.api.delivered(dialogId, seq)
    } catch {
      if (!this.#delivered.has(dialogId)) this.#delivered.set(dialogId, seq)
    }
  }
}
