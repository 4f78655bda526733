import type { Writable } from 'node:stream'
import { DatabaseError, type Pool, type PoolClient } from 'pg'

/** A statement that Postgres keeps prepared under its name. The text of a name never changes while a process lives. */
export type Statement = { name: string; text: string; values: unknown[] }

type Rows = Record<string, unknown>[]

/**
 * Transactions whose statements are known beforehand: begin, all of them, and commit leave in one write, and the answers come back
 * in one. Each statement still reads what is true when it runs, so a lock in one holds for what the next one reads.
 */
export class Pipelines {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** The rows of each statement; or the first error, and then nothing of it has happened. */
  async transact(statements: Statement[]): Promise<Rows[]> {
    const client = await this.#pool.connect()
    let broken = true
    try {
      const rows = await run(client, statements)
      broken = false
      return rows
    } catch (error) {
      // What Postgres itself refused has been rolled back by the commit behind it; a lost connection is of no more use.
      broken = !(error instanceof DatabaseError)
      throw error
    } finally {
      client.release(broken)
    }
  }

  close(): Promise<void> {
    return this.#pool.end()
  }
}

/** The driver writes each statement by itself unless its socket is told to wait. */
type Corked = { connection: { stream: Writable } }

async function run(client: PoolClient, statements: Statement[]): Promise<Rows[]> {
  const { stream } = (client as PoolClient & Corked).connection
  stream.cork()
  const begun = client.query('begin')
  const asked = statements.map((statement) => client.query<Rows[number]>(statement))
  const ended = client.query('commit')
  stream.uncork()
  // Behind a statement that failed the others fail as well: the first error is the one that says why.
  const answers = await Promise.allSettled([begun, ...asked, ended])
  for (const answer of answers) if (answer.status === 'rejected') throw answer.reason
  return (await Promise.all(asked)).map(({ rows }) => rows)
}
