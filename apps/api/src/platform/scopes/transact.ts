import type { Writable } from 'node:stream'
import { DatabaseError, type Pool, type PoolClient } from 'pg'
import { isStalePlan, type Statement } from '../db.ts'

export type StatementRows = Record<string, unknown>[]

/**
 * A transaction of statements that are known beforehand: begin, all of them and commit leave in one write, and the answers come back in
 * one. Each statement still reads what is true when it runs, so a lock in one holds for the next. `rest` are statements that depend on
 * the rows of the first ones: they and commit leave in a second write. Returns the rows of each statement; when one fails, it throws the
 * first error and nothing has happened.
 */
export async function transact(
  pool: Pool,
  first: Statement[],
  rest?: (rows: StatementRows[]) => Statement[],
): Promise<StatementRows[]> {
  const client = await pool.connect()
  let [broken, mayBeOpen] = [false, false]
  try {
    if (!rest) {
      const [, ...rows] = await runPipeline(client, [begin, ...first, commit])
      return rows.slice(0, -1)
    }
    mayBeOpen = true
    const [, ...rows] = await runPipeline(client, [begin, ...first])
    const more = [...rest(rows), commit]
    mayBeOpen = false
    const others = await runPipeline(client, more)
    return [...rows, ...others.slice(0, -1)]
  } catch (error) {
    // What Postgres refused is rolled back by the commit behind it. A connection is not used again when it was lost, when no commit was
    // sent, or when its plans are out of date.
    broken = mayBeOpen || !(error instanceof DatabaseError) || isStalePlan(error)
    throw error
  } finally {
    client.release(broken)
  }
}

const begin = { text: 'begin' }
const commit = { text: 'commit' }

/** The driver writes each statement by itself unless its socket is corked. */
type Corked = { connection: { stream: Writable } }

async function runPipeline(client: PoolClient, statements: { text: string }[]): Promise<StatementRows[]> {
  const { stream } = (client as PoolClient & Corked).connection
  stream.cork()
  const queries = statements.map((statement) => client.query<StatementRows[number]>(statement))
  stream.uncork()
  // Behind a statement that failed the others fail as well: the first error is the one that says why.
  const answers = await Promise.allSettled(queries)
  return answers.map((answer) => {
    if (answer.status === 'rejected') throw answer.reason
    return answer.value.rows
  })
}
