import type { Writable } from 'node:stream'
import type { ScopeId } from '@veche/shared/ids'
import { DatabaseError, type Pool, type PoolClient } from 'pg'
import { isStalePlan, postgresCode, type Statement } from '../db.ts'

type Rows = Record<string, unknown>[]
type Write = { statement: Statement; resolve: (rows: Rows) => void; reject: (error: unknown) => void }

/** A transaction stamps at most 200 rows; this leaves room for what a statement touches besides its own. */
const maxStatements = 50

/**
 * Statements that change a scope under its lock. Those that wait for the same scope share a transaction: the lock, the commit and the
 * flush of the disk are paid once for all of them, and a hot scope takes one connection of a process. Each statement reads what those
 * before it have written.
 */
export class ScopeWriters {
  readonly #pool: Pool
  readonly #waiting = new Map<ScopeId, Write[]>()

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Runs the statement under the lock of this scope, in a transaction that others may share. */
  write(id: ScopeId, statement: Statement): Promise<Rows> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(id)
      waiting?.push({ statement, resolve, reject })
      if (waiting) return
      this.#waiting.set(id, [{ statement, resolve, reject }])
      void this.#writeAll(id)
    })
  }

  close(): Promise<void> {
    return this.#pool.end()
  }

  async #writeAll(id: ScopeId): Promise<void> {
    for (let batch = this.#nextBatch(id); batch.length > 0; batch = this.#nextBatch(id))
      await this.#writeBatch(id, batch)
    this.#waiting.delete(id)
  }

  #nextBatch(id: ScopeId): Write[] {
    return this.#waiting.get(id)?.splice(0, maxStatements) ?? []
  }

  async #writeBatch(id: ScopeId, batch: Write[], isRetry = false): Promise<void> {
    try {
      const [, ...answers] = await transact(this.#pool, [lockOf(id), ...batch.map(({ statement }) => statement)])
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index]!)
    } catch (error) {
      // A migration has changed the tables, and nothing was written: the next connection plans the statements anew.
      if (isStalePlan(error) && !isRetry) await this.#writeBatch(id, batch, true)
      // A statement that failed by its own fault must not fail the others: each is tried alone.
      else if (isFaultOfStatement(error) && batch.length > 1) for (const one of batch) await this.#writeBatch(id, [one])
      else for (const { reject } of batch) reject(error)
    }
  }
}

/** The lock that `lockScopes` takes, for one scope. A scope that does not exist locks nothing. */
function lockOf(id: ScopeId): Statement {
  return { name: 'scope-lock', text: 'select id from scopes where id = $1 for no key update', values: [id] }
}

/** Data that does not fit, or a rule of the tables: not a lock, not the server, not the disk. */
function isFaultOfStatement(error: unknown): boolean {
  return /^2[23]/.test(postgresCode(error))
}

/**
 * A transaction of statements that are known beforehand: begin, all of them and commit leave in one write, and the answers come back in
 * one. Each statement still reads what is true when it runs, so a lock in one holds for the next. Returns the rows of each statement;
 * when one fails, it throws the first error and nothing has happened.
 */
export async function transact(pool: Pool, statements: Statement[]): Promise<Rows[]> {
  const client = await pool.connect()
  let broken = true
  try {
    const rows = await runPipeline(client, statements)
    broken = false
    return rows
  } catch (error) {
    // What Postgres refused has been rolled back by the commit behind it. A connection that was lost, or whose plans are out of date, is
    // not used again.
    broken = !(error instanceof DatabaseError) || isStalePlan(error)
    throw error
  } finally {
    client.release(broken)
  }
}

/** The driver writes each statement by itself unless its socket is corked. */
type Corked = { connection: { stream: Writable } }

async function runPipeline(client: PoolClient, statements: Statement[]): Promise<Rows[]> {
  const { stream } = (client as PoolClient & Corked).connection
  stream.cork()
  const begun = client.query('begin')
  const queries = statements.map((statement) => client.query<Rows[number]>(statement))
  const ended = client.query('commit')
  stream.uncork()
  // Behind a statement that failed the others fail as well: the first error is the one that says why.
  const answers = await Promise.allSettled([begun, ...queries, ended])
  for (const answer of answers) if (answer.status === 'rejected') throw answer.reason
  return (await Promise.all(queries)).map(({ rows }) => rows)
}
