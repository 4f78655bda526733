import type { ScopeId } from '@veche/shared/ids'
import type { Pool } from 'pg'
import { isStalePlan, postgresCode, type Statement } from '../db.ts'
import { type StatementRows, transact } from './transact.ts'

type Write = { statement: Statement; resolve: (rows: StatementRows) => void; reject: (error: unknown) => void }

/** A transaction stamps at most 200 rows; this leaves room for what a statement touches besides its own. */
const maxStatements = 50
/** So many begin at the same time: with more, fewer statements would share one. Those that wait for locks are bounded by the pool only. */
const maxTransactions = 4
/** After this long, a transaction that waits for a lock is not counted any more, so another may begin. */
const countedWaitMs = 100

/**
 * Statements that change a scope under its lock. Those that wait share a transaction: begin, commit and the flush of the disk are paid
 * once for all of them, and the lock once for those of the same scope. Each statement reads what those before it have written.
 */
export class ScopeWriters {
  readonly #pool: Pool
  /** In the order in which they came. */
  readonly #waiting = new Map<ScopeId, Write[]>()
  readonly #beingWritten = new Set<ScopeId>()
  #transactions = 0

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Runs the statement under the lock of this scope, in a transaction that others may share. */
  write(id: ScopeId, statement: Statement): Promise<StatementRows> {
    return new Promise((resolve, reject) => {
      const write = { statement, resolve, reject }
      const waiting = this.#waiting.get(id)
      if (waiting) waiting.push(write)
      else this.#waiting.set(id, [write])
      this.#writeNext()
    })
  }

  close(): Promise<void> {
    return this.#pool.end()
  }

  #writeNext(): void {
    if (this.#transactions >= maxTransactions) return
    const batch = this.#takeBatch()
    if (batch.size > 0) void this.#counted(() => this.#writeBatch(batch))
  }

  /** Takes what waits for scopes that no other transaction writes. */
  #takeBatch(): Map<ScopeId, Write[]> {
    const batch = new Map<ScopeId, Write[]>()
    let room = maxStatements
    for (const [id, waiting] of this.#waiting) {
      if (room === 0) break
      if (this.#beingWritten.has(id)) continue
      const writes = waiting.splice(0, room)
      room -= writes.length
      if (waiting.length === 0) this.#waiting.delete(id)
      this.#beingWritten.add(id)
      batch.set(id, writes)
    }
    return batch
  }

  /** Counts the transaction until it has ended, or has waited for too long. */
  async #counted(work: () => Promise<void>): Promise<void> {
    let isCounted = true
    const stopCounting = () => {
      if (isCounted) this.#transactions -= 1
      isCounted = false
      this.#writeNext()
    }
    this.#transactions += 1
    const timer = setTimeout(stopCounting, countedWaitMs)
    await work()
    clearTimeout(timer)
    stopCounting()
  }

  async #writeBatch(batch: Map<ScopeId, Write[]>): Promise<void> {
    const remaining = batch.size === 1 ? batch : await this.#writeTogether(batch)
    this.#release([...batch.keys()].filter((id) => !remaining.has(id)))
    await Promise.all(
      [...remaining].map(async ([id, writes]) => {
        await this.#writeScope(id, writes)
        this.#release([id])
      }),
    )
  }

  /** What has come for these scopes meanwhile can be written now. */
  #release(ids: ScopeId[]): void {
    for (const id of ids) this.#beingWritten.delete(id)
    this.#writeNext()
  }

  /** Writes several scopes, without those that somebody else has locked. Returns what has to be written scope by scope. */
  async #writeTogether(batch: Map<ScopeId, Write[]>): Promise<Map<ScopeId, Write[]>> {
    const remaining = new Map(batch)
    const writes: Write[] = []
    try {
      const locks = [shortWait, lockOfFree([...batch.keys()])]
      const [, , ...answers] = await transact(this.#pool, locks, ([, locked]) => {
        for (const { id } of locked as { id: ScopeId }[]) {
          writes.push(...batch.get(id)!)
          remaining.delete(id)
        }
        return writes.map(({ statement }) => statement)
      })
      for (const [index, { resolve }] of writes.entries()) resolve(answers[index]!)
      return remaining
    } catch (error) {
      if (isFaultOfStatement(error) || isStalePlan(error) || hasWaited(error)) return batch
      for (const { reject } of [...batch.values()].flat()) reject(error)
      return new Map()
    }
  }

  async #writeScope(id: ScopeId, writes: Write[], isRetry = false): Promise<void> {
    try {
      // Alone it holds no key for which another transaction waits, so it may wait itself.
      const locks = writes.length > 1 ? [lockOf(id), shortWait] : [lockOf(id)]
      const rows = await transact(this.#pool, [...locks, ...writes.map(({ statement }) => statement)])
      for (const [index, { resolve }] of writes.entries()) resolve(rows[locks.length + index]!)
    } catch (error) {
      // A migration has changed the tables, and nothing was written: the next connection plans the statements anew.
      if (isStalePlan(error) && !isRetry) await this.#writeScope(id, writes, true)
      // A statement that failed by its own fault, or waited for a key of another transaction, must not fail the others: each is tried alone.
      else if ((isFaultOfStatement(error) || hasWaited(error)) && writes.length > 1)
        for (const one of writes) await this.#writeScope(id, [one])
      else for (const { reject } of writes) reject(error)
    }
  }
}

/** The lock that `lockScopes` takes, for one scope. A scope that does not exist locks nothing. */
function lockOf(id: ScopeId): Statement {
  return { name: 'scope-lock', text: 'select id from scopes where id = $1 for no key update', values: [id] }
}

/** A transaction of several writes must not wait for a key that another transaction is about to write: all of them would wait with it. */
const shortWait: Statement = {
  name: 'short-wait',
  text: `select set_config('lock_timeout', '200ms', true)`,
  values: [],
}

/** The same lock for those scopes that nobody else has locked. */
function lockOfFree(ids: ScopeId[]): Statement {
  const text = 'select id from scopes where id = any($1::uuid[]) order by id for no key update skip locked'
  return { name: 'free-scopes-lock', text, values: [ids] }
}

/** Data that does not fit (class 22), or a rule of the tables (class 23): not a lock, not the server, not the disk. */
function isFaultOfStatement(error: unknown): boolean {
  return /^2[23]/.test(postgresCode(error))
}

/** For a lock, for another transaction that waited for this one, or for too long. */
function hasWaited(error: unknown): boolean {
  return ['55P03', '40P01', '57014'].includes(postgresCode(error))
}
