import type { ScopeId, UserId } from '@veche/shared/ids'
import type { ChangesFrame } from '@veche/shared/live'
import type { Rows, ScopeKind } from '@veche/shared/rows/rows'
import type { BaseDeps } from '../deps.ts'
import { rowsSince } from '../platform/row-sources.ts'
import type { Audience, ScopeView, Viewer } from '../platform/scope-views.ts'
import type { Stream } from './stream.ts'

type Followed = (own: { userId: ScopeId; rows: Rows }) => void

/**
 * A scope that somebody on this node holds. It is read once for all of them, one reading at a time, together with who may see it;
 * hints that come meanwhile make one more reading, not many.
 */
export class HeldScope {
  readonly streams = new Set<Stream>()
  readonly #deps: BaseDeps
  readonly #id: ScopeId
  readonly #kind: ScopeKind
  readonly #view: ScopeView | undefined
  readonly #onOwn: Followed
  #rev: number
  #wanted: number
  #reading = false
  #people = new Map<UserId, Viewer>()
  /** The revision of the memberships in `#people`; below zero when somebody came whose membership has not been read yet. */
  #heardRev = -1

  constructor(deps: BaseDeps, { id, kind, rev }: { id: ScopeId; kind: ScopeKind; rev: number }, onOwn: Followed) {
    this.#deps = deps
    this.#id = id
    this.#kind = kind
    this.#rev = rev
    this.#wanted = rev
    this.#view = deps.scopeViews.find((view) => view.scope === kind)
    this.#onOwn = onOwn
  }

  get rev(): number {
    return this.#rev
  }

  add(stream: Stream): void {
    this.streams.add(stream)
    if (!this.#people.has(stream.actor.userId)) this.#heardRev = -1
  }

  /** Says whether this was news. */
  wants(rev: number): boolean {
    if (rev <= this.#wanted) return false
    this.#wanted = rev
    if (!this.#reading) void this.#readOn()
    return true
  }

  async #readOn(): Promise<void> {
    this.#reading = true
    try {
      while (this.#wanted > this.#rev && this.streams.size > 0) await this.#readOnce()
    } catch (error) {
      // The poll wants it again in two seconds, when Postgres may be back.
      this.#wanted = this.#rev
      this.#deps.log.debug({ err: error }, 'a scope could not be read')
    } finally {
      this.#reading = false
    }
  }

  async #readOnce(): Promise<void> {
    const among = [...new Set([...this.streams].map((stream) => stream.actor.userId))]
    const extras = this.#view?.audience?.(this.#id, among, this.#heardRev) ?? {}
    this.#heardRev = Math.max(this.#heardRev, 0)
    const [from, asked] = [this.#rev, this.#wanted]
    const read = await rowsSince(this.#deps, this.#deps.polls, { scope: this.#kind, id: this.#id, from, extras })
    // Nobody is left: whoever came since holds the scope anew, and knows more than this old answer.
    if (this.streams.size === 0) return
    if (!read) return void (this.#rev = this.#wanted)
    if (this.#view?.heard) this.#listen(this.#view.heard(read.extras), new Set(among))
    this.#rev = read.rev
    // A hint that came before the reading and that the reading did not find to be true is forgotten.
    this.#wanted = this.#wanted === asked ? read.scopeRev : Math.max(this.#wanted, read.scopeRev)
    const frame = { type: 'changes', scope: this.#kind, id: this.#id, from, rev: read.rev, rows: read.rows } as const
    this.#tell(frame, new Set(among))
    if (this.#kind === 'user') this.#onOwn({ userId: this.#id, rows: read.rows })
  }

  /** Whoever came while the statement ran was not asked about: they wait for the next reading. */
  #listen({ rev, people }: Audience, asked: Set<UserId>): void {
    if (!people) return
    this.#people = people
    const came = [...this.streams].some((stream) => !asked.has(stream.actor.userId))
    this.#heardRev = came ? -1 : rev
  }

  #tell(frame: ChangesFrame, asked: Set<UserId>): void {
    const narrowed = new Map<UserId, ChangesFrame | null>()
    for (const stream of this.streams) {
      const { userId } = stream.actor
      if (!narrowed.has(userId)) narrowed.set(userId, this.#for(userId, frame, asked))
      const own = narrowed.get(userId)
      if (!own) continue
      stream.push(own)
      this.#deps.metrics.frames.inc()
    }
  }

  /** Null for somebody who is no member: their own scope's frame is the one that tells them. */
  #for(userId: UserId, frame: ChangesFrame, asked: Set<UserId>): ChangesFrame | null {
    if (!this.#view?.audience) return frame
    const viewer = this.#people.get(userId)
    // Of those who came while the statement ran nobody knows yet who may see this: they hear that there is something to ask for.
    if (!viewer && !asked.has(userId)) return { ...frame, from: frame.rev, rows: {} }
    if (!viewer) return null
    const rows: Rows = viewer.narrow(frame.rows)
    return rows === frame.rows ? frame : { ...frame, rows }
  }
}
