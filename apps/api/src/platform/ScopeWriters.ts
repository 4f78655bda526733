import type { ScopeId } from '@veche/shared/ids'
import type { Pipelines, Statement } from './Pipelines.ts'
import { scopeLock } from './scopes.ts'

type Rows = Record<string, unknown>[]
type Waiting = { statement: Statement; resolve: (rows: Rows) => void; reject: (error: unknown) => void }

/** A transaction stamps at most 200 rows; this leaves room for what a statement touches besides its own. */
const together = 50

/**
 * Statements that change a scope under its lock. Those that wait for the same scope share a transaction: the lock, the commit and the
 * flush of the disk are paid once for all of them, and a hot scope takes one connection of a process. Each reads what those before it
 * have written.
 */
export class ScopeWriters {
  readonly #pipelines: Pipelines
  readonly #waiting = new Map<ScopeId, Waiting[]>()

  constructor(pipelines: Pipelines) {
    this.#pipelines = pipelines
  }

  write(id: ScopeId, statement: Statement): Promise<Rows> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(id)
      waiting?.push({ statement, resolve, reject })
      if (waiting) return
      this.#waiting.set(id, [{ statement, resolve, reject }])
      void this.#writeAll(id)
    })
  }

  async #writeAll(id: ScopeId): Promise<void> {
    for (let batch = this.#next(id); batch.length > 0; batch = this.#next(id)) await this.#writeSome(id, batch)
    this.#waiting.delete(id)
  }

  #next(id: ScopeId): Waiting[] {
    return this.#waiting.get(id)?.splice(0, together) ?? []
  }

  async #writeSome(id: ScopeId, batch: Waiting[]): Promise<void> {
    try {
      const [, ...answers] = await this.#pipelines.transact([scopeLock(id), ...batch.map(({ statement }) => statement)])
      for (const [at, { resolve }] of batch.entries()) resolve(answers[at]!)
    } catch (error) {
      // What is wrong with one of them is not the others' fault.
      if (isOfOne(error) && batch.length > 1) for (const one of batch) await this.#writeSome(id, [one])
      else for (const { reject } of batch) reject(error)
    }
  }
}

export function isAlreadyThere(error: unknown): boolean {
  return codeOf(error) === '23505'
}

/** Data that does not fit, or a rule of the tables: not a lock, not a server, not a disk. */
function isOfOne(error: unknown): boolean {
  return /^2[23]/.test(codeOf(error))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
