import type { ScopeId, SessionId, UserId } from '@veche/shared/ids'
import type { LiveFrame } from '@veche/shared/live'
import type { Rows, ScopeKind } from '@veche/shared/rows/rows'
import { serverLimits } from '@veche/shared/server-limits'
import { sql } from 'kysely'
import type { Actor, Socket } from '../ctx.ts'
import type { BaseDeps } from '../deps.ts'
import { fail } from '../errors.ts'
import type { AddressedSignal, HintMessage } from '../platform/hints.ts'
import { isLiveSession } from '../platform/live-sessions.ts'
import { scopeIdsOf } from '../platform/scopes/views.ts'
import { HeldScope, type WrittenRows } from './HeldScope.ts'
import { type ClientAddress, LiveStream } from './LiveStream.ts'
import { PresenceTracker } from './PresenceTracker.ts'

const pollMs = 2_000
const sessionCheckMs = 1_000
const maxSnapshots = 6

type ScopeRevision = { id: ScopeId; kind: ScopeKind; rev: number }

/**
 * The live streams of this process, and the scopes that their people hold. The poll compares all held scopes with the database, so that
 * every client is up to date within seconds even when no hint arrives.
 */
export class LiveHub {
  readonly presence: PresenceTracker
  readonly #deps: BaseDeps
  readonly #scopes = new Map<ScopeId, HeldScope>()
  readonly #streamsOf = new Map<UserId, Set<LiveStream>>()
  readonly #stopTimers: (() => void)[] = []
  #closed = false

  constructor(deps: BaseDeps) {
    this.#deps = deps
    this.presence = new PresenceTracker(deps, this.#streamsOf)
    deps.hints.listen((message) => this.#receive(message))
    deps.hints.onReconnect(() => void this.poll().catch(() => undefined))
    this.#repeat(pollMs, () => this.poll())
    this.#repeat(sessionCheckMs, () => this.checkSessions())
    this.#repeat(this.presence.refreshMs, () => this.presence.refresh())
  }

  /** The stream holds its scopes before it says hello, so a change between hello and the client's first question is in a frame. */
  async open(actor: Actor, socket: Socket, address: ClientAddress): Promise<LiveStream> {
    const now = this.#deps.clock.now()
    const hello: LiveFrame = { type: 'hello', now, release: this.#deps.env.RELEASE }
    const stream = new LiveStream({ actor, socket, address, openedAt: now, hello })
    this.#requireRoomFor(stream)
    await this.#attachAll(stream)
    if (stream.ended) return stream
    // Others of the same person may have been attached meanwhile.
    this.#requireRoomFor(stream)
    const streams = this.#streamsOf.get(actor.userId) ?? new Set()
    this.#streamsOf.set(actor.userId, streams.add(stream))
    // A socket has one stream: when it asks again, the newest one.
    for (const other of streams) if (other !== stream && other.isOn(socket)) this.leave(other)
    if (streams.size === 1) this.presence.setOnline(actor.userId)
    this.#measure()
    return stream
  }

  leave(stream: LiveStream): void {
    stream.end('close')
    for (const id of [...stream.scopes]) this.#detach(stream, id)
    const { userId } = stream.actor
    const streams = this.#streamsOf.get(userId)
    if (streams?.delete(stream) && streams.size === 0) {
      this.#streamsOf.delete(userId)
      this.presence.setOffline(userId)
    }
    this.#measure()
  }

  #requireRoomFor(stream: LiveStream): void {
    const count = this.#streamsOf.get(stream.actor.userId)?.size ?? 0
    if (count < serverLimits.sync.streams) return
    this.leave(stream)
    fail('request.too_many')
  }

  /**
   * Tells everybody of rows that this process has written. Where it holds their scope, they leave as they were written; the other
   * processes read them when they get the hint. The hint is heard here too, and would lead to a read if it came first.
   */
  tellWritten(written: WrittenRows): void {
    const { scope, id, rev } = written
    this.#scopes.get(id)?.offerWritten(written)
    this.#deps.hints.tell({ hints: [{ scope, id, rev }] })
  }

  all(): LiveStream[] {
    return [...this.#streamsOf.values()].flatMap((streams) => [...streams])
  }

  close(): void {
    this.#closed = true
    this.presence.close()
    for (const stop of this.#stopTimers) stop()
    for (const stream of this.all()) this.leave(stream)
  }

  /** The guarantee behind the hints: one statement for all held scopes, by primary key. */
  async poll(): Promise<void> {
    if (this.#scopes.size === 0) return
    const done = this.#deps.metrics.polls.startTimer()
    const query = this.#deps.polls.selectFrom('scopes').select(['id', 'rev'])
    const rows = await query.where('id', '=', sql<string>`any(${[...this.#scopes.keys()]}::uuid[])`).execute()
    for (const { id, rev } of rows) if (this.#scopes.get(id)?.catchUpTo(rev)) this.#deps.metrics.foundByPoll.inc()
    done()
  }

  /** Ends the streams whose session was revoked or has expired, or whose person is disabled, however that happened. */
  async checkSessions(streams: LiveStream[] = this.all()): Promise<void> {
    if (streams.length === 0) return
    const rows = await this.#openSessions(streams.map((stream) => stream.actor.sessionId)).execute()
    const valid = new Set(rows.map((row) => row.id))
    for (const stream of streams) if (!valid.has(stream.actor.sessionId)) stream.end('session')
  }

  #receive({ hints, signal, session }: HintMessage): void {
    for (const hint of hints ?? []) this.#scopes.get(hint.id)?.catchUpTo(hint.rev)
    if (signal) this.#sendSignal(signal)
    if (session)
      void this.checkSessions([...(this.#streamsOf.get(session.userId as UserId) ?? [])]).catch(() => undefined)
  }

  #sendSignal({ signal, chatIds, userIds, except }: AddressedSignal): void {
    const frame: LiveFrame = { type: 'signal', signal }
    const receivers = new Set<LiveStream>()
    for (const id of chatIds) for (const stream of this.#scopes.get(id)?.streams ?? []) receivers.add(stream)
    for (const id of userIds) for (const stream of this.#streamsOf.get(id as UserId) ?? []) receivers.add(stream)
    for (const stream of receivers) if (stream.actor.userId !== except) stream.push(frame)
    if (signal.kind === 'presence') this.presence.correct(signal.userId, signal.online)
  }

  #openSessions(ids: SessionId[]) {
    return this.#deps.polls
      .selectFrom('sessions')
      .innerJoin('users', 'users.id', 'sessions.user_id')
      .select('sessions.id')
      .where('sessions.id', '=', sql<never>`any(${ids}::uuid[])`)
      .where(isLiveSession())
  }

  /** Every scope that this person may hold; none when the session is over. */
  async #scopesOf({ userId, sessionId }: Actor): Promise<ScopeRevision[]> {
    const { rows } = await sql<ScopeRevision>`
      select s.id, s.kind, s.rev from scopes s
      where s.id in (${scopeIdsOf(this.#deps, userId)}) and exists (${this.#openSessions([sessionId])})`.execute(
      this.#deps.polls,
    )
    return rows
  }

  async #attachAll(stream: LiveStream): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const snapshot = await this.#scopesOf(stream.actor)
      // The session that opened the socket may be over by now.
      if (snapshot.length === 0) stream.end('session')
      if (stream.ended) return
      // Another tab may know of a newer chat than this snapshot does: then it is read again.
      const userScope = snapshot.find((scope) => scope.kind === 'user')
      const isOld = userScope && (this.#scopes.get(userScope.id)?.rev ?? 0) > userScope.rev
      if (!isOld) for (const scope of snapshot) this.#attach(stream, scope)
      if (!isOld) return
      // The person's own scope changes without a pause, or the database was restored and knows less than this process. A stream that
      // misses a chat would be worse than one that begins anew, and then the scope is held anew.
      if (tries === maxSnapshots)
        for (const one of [...(this.#streamsOf.get(stream.actor.userId) ?? []), stream]) one.end('close')
    }
  }

  #attach(stream: LiveStream, { id, kind, rev }: ScopeRevision): void {
    if (stream.ended) return
    const held = this.#scopes.get(id) ?? new HeldScope(this.#deps, { id, kind, rev }, (read) => this.#follow(read))
    this.#scopes.set(id, held)
    held.add(stream)
    stream.scopes.add(id)
    // A scope that was held already may be behind the snapshot of this stream, and the poll may be two seconds away.
    held.catchUpTo(rev)
  }

  #detach(stream: LiveStream, id: ScopeId): void {
    stream.scopes.delete(id)
    const held = this.#scopes.get(id)
    held?.streams.delete(stream)
    if (held && held.streams.size === 0) this.#scopes.delete(id)
  }

  /** The rows of a person's own scope say which chats and meetings they came to or left; their streams follow. */
  #follow({ userId, rows: { memberships = [], mySeats = [] } }: { userId: ScopeId; rows: Rows }): void {
    if (memberships.length === 0 && mySeats.length === 0) return
    for (const stream of this.#streamsOf.get(userId as UserId) ?? []) {
      for (const { chatId: id, leftAt, sinceRev } of memberships)
        this.#setHeld(stream, { id, kind: 'chat', rev: sinceRev }, leftAt === null)
      for (const { meetingId: id, state, sinceRev } of mySeats)
        this.#setHeld(stream, { id, kind: 'meeting', rev: sinceRev }, state === 'in' || state === 'away')
    }
    this.#measure()
  }

  #setHeld(stream: LiveStream, scope: ScopeRevision, isHeld: boolean): void {
    if (!isHeld) this.#detach(stream, scope.id)
    else if (!stream.scopes.has(scope.id)) this.#attach(stream, scope)
  }

  #measure(): void {
    this.#deps.metrics.sockets.set(this.all().length)
    this.#deps.metrics.scopesHeld.set(this.#scopes.size)
  }

  /** The next round begins after the last has ended, so that a slow database is not asked twice at the same time. */
  #repeat(everyMs: number, work: () => Promise<void>): void {
    let timer: NodeJS.Timeout
    const round = async () => {
      await work().catch((error: unknown) => this.#deps.log.debug({ err: error }, 'a round of the live hub failed'))
      if (!this.#closed) timer = setTimeout(() => void round(), everyMs).unref()
    }
    timer = setTimeout(() => void round(), everyMs).unref()
    this.#stopTimers.push(() => clearTimeout(timer))
  }
}
