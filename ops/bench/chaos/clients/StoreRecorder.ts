import type { ChatId } from '@veche/shared/ids'
import type { EngineStore } from './engine.ts'
import type { StepBack } from '../record/record.ts'

type Known = { rev: number; top: number; rows: Map<number, number> }

/** Reads the store of a device after each change: cursor, newest seq and the revision of a row may never go back. */
export class StoreRecorder {
  readonly #device: string
  readonly #stepsBack: StepBack[]
  readonly #known = new Map<ChatId, Known>()

  constructor(device: string, stepsBack: StepBack[]) {
    this.#device = device
    this.#stepsBack = stepsBack
  }

  /** What was recorded stays valid for the next tab of the same device. */
  follow(store: EngineStore): () => void {
    const waiting = new Map<ChatId, Set<number> | 'all'>()
    let looking: Promise<void> | undefined
    const look = async () => {
      while (waiting.size > 0) {
        const [[id, seqs]] = waiting.entries() as unknown as [[ChatId, Set<number> | 'all']]
        waiting.delete(id)
        await this.#look(store, id, seqs)
      }
    }
    return store.on('changed', ({ chats, messages }) => {
      for (const id of chats) waiting.set(id, joined(waiting.get(id), messages.get(id)))
      looking ??= look()
        .catch(() => undefined)
        .finally(() => (looking = undefined))
    })
  }

  async #look(store: EngineStore, id: ChatId, seqs: Set<number> | 'all'): Promise<void> {
    const list = seqs === 'all' ? [[0, Infinity]] : [...seqs].map((seq) => [seq, seq])
    const { scope, rows } = await store.read(async (tx) => {
      const rows = await Promise.all(list.map(([from, to]) => tx.messages(id, from!, to!)))
      return { scope: await tx.get('scopes', id), rows: rows.flat() }
    })
    if (scope?.kind !== 'chat') return
    const known = this.#known.get(id) ?? { rev: 0, top: 0, rows: new Map() }
    this.#known.set(id, known)
    known.rev = this.#forward(id, 'the cursor', known.rev, scope.rev)
    known.top = this.#forward(id, 'the newest seq', known.top, scope.top)
    for (const { seq, rev } of rows)
      known.rows.set(seq, this.#forward(id, `the revision of message ${seq}`, known.rows.get(seq) ?? 0, rev))
  }

  #forward(chatId: ChatId, what: string, from: number, to: number): number {
    if (to < from) this.#stepsBack.push({ device: this.#device, chatId, what, from, to })
    return Math.max(from, to)
  }
}

function joined(one: Set<number> | 'all' | undefined, other: Set<number> | 'all' | undefined): Set<number> | 'all' {
  if (one === 'all' || other === 'all') return 'all'
  return new Set([...(one ?? []), ...(other ?? [])])
}
