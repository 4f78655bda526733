import type { ScopeId, UserId } from '@veche/shared/ids'
import type { ChangesFrame } from '@veche/shared/live'
import type { Rows, RowTable, ScopeKind } from '@veche/shared/rows/rows'
import type { BaseDeps } from '../deps.ts'
import type { Audience, ScopeView, Viewer } from '../platform/scopes/views.ts'
import type { LiveStream } from './LiveStream.ts'

type OnUserRows = (read: { userId: ScopeId; rows: Rows }) => void

/**
 * What a statement of this process has written under the lock of a scope: all rows of revision `rev`, and the revision that the
 * memberships had then.
 */
export type WrittenRows = { scope: ScopeKind; id: ScopeId; rev: number; rows: Rows; membersRev: number }

/**
 * A scope that clients of this process hold. It is read once for all of them, together with who may see it. One read runs at a time;
 * hints that come meanwhile lead to one more read, not to many. Rows that this process wrote itself are sent without a read when they
 * are the very next ones and the memberships are those that are known here.
 */
export class HeldScope {
  readonly streams = new Set<LiveStream>()
  readonly #deps: BaseDeps
  readonly #id: ScopeId
  readonly #kind: ScopeKind
  readonly #view: ScopeView | undefined
  readonly #onUserRows: OnUserRows
  /** Everything up to here was sent. */
  #rev: number
  /** The newest revision that a hint, the poll, a stream or a write of this process told of. */
  #targetRev: number
  #reading = false
  /** Rows of the revisions that follow `#rev`, until they leave together in one frame. */
  #written: WrittenRows[] = []
  #viewers = new Map<UserId, Viewer>()
  /** The revision of the memberships in `#viewers`; -1 while they have to be read anew, since a person has come who is not in there. */
  #viewersRev = -1

  constructor(
    deps: BaseDeps,
    { id, kind, rev }: { id: ScopeId; kind: ScopeKind; rev: number },
    onUserRows: OnUserRows,
  ) {
    this.#deps = deps
    this.#id = id
    this.#kind = kind
    this.#rev = rev
    this.#targetRev = rev
    this.#view = deps.scopeViews.find((view) => view.scope === kind)
    this.#onUserRows = onUserRows
  }

  get rev(): number {
    return this.#rev
  }

  add(stream: LiveStream): void {
    // These rows were checked for the streams that are here already, not for the new one.
    this.#sendWritten()
    this.streams.add(stream)
    if (!this.#viewers.has(stream.actor.userId)) this.#viewersRev = -1
  }

  /** Reads the scope up to this revision, unless it is on its way there already. Says whether the revision was new. */
  catchUpTo(rev: number): boolean {
    if (rev <= this.#targetRev) return false
    this.#targetRev = rev
    if (this.#reading) return true
    this.#sendWritten()
    void this.#readAll()
    return true
  }

  /** A transaction may have written many rows: they come here one after the other, and one frame takes all of them. */
  offerWritten(written: WrittenRows): void {
    const isNext = !this.#reading && written.rev === this.#targetRev + 1
    if (!isNext || written.membersRev !== this.#viewersRev) return void this.catchUpTo(written.rev)
    this.#targetRev = written.rev
    this.#written.push(written)
    if (this.#written.length === 1) setImmediate(() => this.#trySendWritten())
  }

  /** Nobody waits for it, so an error would end the process. */
  #trySendWritten(): void {
    try {
      this.#sendWritten()
    } catch (error) {
      this.#deps.log.error({ err: error }, 'rows that were written could not be sent')
    }
  }

  #sendWritten(): void {
    const last = this.#written.at(-1)
    if (!last) return
    const rows = joinRows(this.#written.map((written) => written.rows))
    const from = this.#rev
    this.#written = []
    this.#rev = last.rev
    const people = new Set([...this.streams].map((stream) => stream.actor.userId))
    this.#send({ type: 'changes', scope: this.#kind, id: this.#id, from, rev: last.rev, rows }, people)
  }

  async #readAll(): Promise<void> {
    this.#reading = true
    try {
      while (this.#targetRev > this.#rev && this.streams.size > 0) await this.#readOnce()
    } catch (error) {
      // The poll asks again in two seconds, when Postgres may be back.
      this.#targetRev = this.#rev
      this.#viewersRev = -1
      this.#deps.log.debug({ err: error }, 'a scope could not be read')
    } finally {
      this.#reading = false
    }
  }

  async #readOnce(): Promise<void> {
    const people = new Set([...this.streams].map((stream) => stream.actor.userId))
    const question = { kind: this.#kind, id: this.#id, from: this.#rev, among: [...people], knownRev: this.#viewersRev }
    // From here on, -1 means that a person came during this read.
    this.#viewersRev = Math.max(this.#viewersRev, 0)
    const { from } = question
    const target = this.#targetRev
    const read = await this.#deps.liveReads.read(question)
    // The last stream left meanwhile. A stream that came after it holds the scope anew, and knows more than this old answer.
    if (this.streams.size === 0) return
    // The scope is gone: there is nothing to read any more.
    if (!read) return void (this.#rev = this.#targetRev)
    if (this.#view?.readAudience) this.#updateViewers(this.#view.readAudience(read.extras), people)
    this.#rev = read.rev
    // A hint from before this read whose revision does not exist was wrong, and is forgotten.
    this.#targetRev = this.#targetRev === target ? read.scopeRev : Math.max(this.#targetRev, read.scopeRev)
    this.#send({ type: 'changes', scope: this.#kind, id: this.#id, from, rev: read.rev, rows: read.rows }, people)
    if (this.#kind === 'user') this.#onUserRows({ userId: this.#id, rows: read.rows })
  }

  /** People who subscribed during the query were not asked about; the next read asks about them. */
  #updateViewers({ rev, people: viewers }: Audience, asked: Set<UserId>): void {
    if (!viewers) return
    this.#viewers = viewers
    const isComplete = [...this.streams].every((stream) => asked.has(stream.actor.userId))
    this.#viewersRev = isComplete ? rev : -1
  }

  #send(frame: ChangesFrame, asked: Set<UserId>): void {
    const frames = new Map<UserId, ChangesFrame | null>()
    for (const stream of this.streams) {
      const { userId } = stream.actor
      if (!frames.has(userId)) frames.set(userId, this.#frameFor(userId, frame, asked))
      const userFrame = frames.get(userId)
      if (!userFrame) continue
      stream.push(userFrame)
      this.#deps.metrics.frames.inc()
    }
  }

  /** Most members may see all rows of a frame, which then passes as it is. Null for a person who is no member: the frame of their own scope is the one that tells them. */
  #frameFor(userId: UserId, frame: ChangesFrame, asked: Set<UserId>): ChangesFrame | null {
    if (!this.#view?.audience) return frame
    const viewer = this.#viewers.get(userId)
    // They subscribed during the query, so their rights are unknown: an empty frame makes them fetch.
    if (!viewer && !asked.has(userId)) return { ...frame, from: frame.rev, rows: {} }
    if (!viewer) return null
    const rows: Rows = viewer.filterRows(frame.rows)
    // A person who sees all of it gets the same object as the others, so it is made into bytes once.
    return isUnfiltered(rows, frame.rows) ? frame : { ...frame, rows }
  }
}

function isUnfiltered(some: Rows, all: Rows): boolean {
  return Object.entries(all).every(([table, rows]) => some[table as RowTable] === rows)
}

function joinRows(parts: Rows[]): Rows {
  const [first = {}, ...others] = parts
  const joined: Record<string, unknown[]> = { ...first }
  for (const part of others)
    for (const [table, rows] of Object.entries(part)) joined[table] = [...(joined[table] ?? []), ...rows]
  return joined
}
