import type { DB } from '@veche/db/types.gen'
import type { ScopeId, UserId } from '@veche/shared/ids'
import type { ScopeKind } from '@veche/shared/rows/rows'
import type { Kysely } from 'kysely'
import type { Pool } from 'pg'
import { runPrepared } from '../db.ts'
import { type Found, type ReadRows, readingStatement, toRead } from './reading.ts'
import type { Extras, RowSource } from './row-sources.ts'
import type { ScopeView } from './views.ts'

/** What changed in a scope after revision `from`, and who of `among` may see it if the memberships are no longer those of `knownRev`. */
export type LiveQuestion = { kind: ScopeKind; id: ScopeId; from: number; among: UserId[]; knownRev: number }

type QuestionValues = Omit<LiveQuestion, 'kind'>

/** Marks the place of a value that comes with each question. */
class Placeholder {
  readonly name: keyof QuestionValues

  constructor(name: keyof QuestionValues) {
    this.name = name
  }
}

/** The query builder takes any value as a parameter and does not look at it. */
const placeholders = Object.fromEntries(
  (['id', 'from', 'among', 'knownRev'] as const).map((name) => [name, new Placeholder(name)]),
) as unknown as QuestionValues

type PreparedRead = { name: string; text: string; parameters: readonly unknown[]; sources: RowSource[] }
type Registered = { rowSources: RowSource[]; scopeViews: ScopeView[] }

/**
 * Reads scopes for the live streams of this process, which happens after every change. The statement of each kind of scope is built
 * once, and Postgres keeps it prepared.
 */
export class LiveReads {
  readonly #pool: Pool
  readonly #builder: Kysely<DB>
  readonly #registered: Registered
  readonly #prepared = new Map<ScopeKind, PreparedRead>()

  constructor(pool: Pool, builder: Kysely<DB>, registered: Registered) {
    this.#pool = pool
    this.#builder = builder
    this.#registered = registered
  }

  async read(question: LiveQuestion): Promise<(ReadRows & { extras: Record<string, unknown> }) | null> {
    const { name, text, parameters, sources } = this.#statementOf(question.kind)
    const values = parameters.map((value) => (value instanceof Placeholder ? question[value.name] : value))
    const [found] = await runPrepared<Found>(this.#pool, { name, text, values })
    return found ? toRead(sources, found, question) : null
  }

  close(): Promise<void> {
    return this.#pool.end()
  }

  #statementOf(scope: ScopeKind): PreparedRead {
    const known = this.#prepared.get(scope)
    if (known) return known
    const view = this.#registered.scopeViews.find((candidate) => candidate.scope === scope)
    const sources = this.#registered.rowSources.filter((source) => source.scope === scope)
    const { id, from, among, knownRev } = placeholders
    const extras: Extras = view?.audience?.(id, among, knownRev) ?? {}
    const { sql, parameters } = readingStatement(this.#builder, sources, { scope, id, from, extras }).compile(
      this.#builder,
    )
    const prepared = { name: `live-read-${scope}`, text: sql, parameters, sources }
    this.#prepared.set(scope, prepared)
    return prepared
  }
}
