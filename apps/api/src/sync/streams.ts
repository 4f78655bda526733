import { DIRECTORY_SCOPE, type ScopeId, type SessionId, type UserId } from '@veche/shared/ids'
import type { LiveFrame } from '@veche/shared/live'
import type { Rows, ScopeKind } from '@veche/shared/rows/rows'
import { sql } from 'kysely'
import type { Actor, Socket } from '../ctx.ts'
import type { BaseDeps } from '../deps.ts'
import type { AddressedSignal, Told } from '../platform/hints.ts'
import { HeldScope } from './held-scope.ts'
import { Presence } from './presence.ts'
import { Stream } from './stream.ts'

const pollEvery = 2_000
const sessionsEvery = 1_000

type Snapshot = { id: ScopeId; kind: ScopeKind; rev: number }

/**
 * The streams of this node and the scopes that their people hold. A hint is a nudge to read a scope on; the poll compares every
 * held scope with the database, so that with no hint at all everyone is right within seconds.
 */
export class Streams {
  readonly #deps: BaseDeps
  readonly #scopes = new Map<ScopeId, HeldScope>()
  readonly #people = new Map<UserId, Set<Stream>>()
  readonly presence: Presence
  readonly #timers: (() => void)[] = []
  #closed = false

  constructor(deps: BaseDeps) {
    this.#deps = deps
    this.presence = new Presence(deps, this.#people)
    deps.hints.listen((told) => this.#hear(told))
    deps.hints.onReturn(() => void this.poll().catch(() => undefined))
    this.#every(pollEvery, () => this.poll())
    this.#every(sessionsEvery, () => this.checkSessions())
    this.#every(this.presence.refreshEvery, () => this.presence.refresh())
  }

  /** Registers first, says hello after: what happens between the client's question and its answer is already on its way. */
  async open(actor: Actor, socket: Socket, connection: { ip: string; device: string }): Promise<Stream> {
    const hello = (): LiveFrame => ({ type: 'hello', now: this.#deps.clock.now(), release: this.#deps.env.RELEASE })
    const stream = new Stream({ actor, socket, connection, since: this.#deps.clock.now(), hello })
    for (let tries = 0; ; tries += 1) {
      const snapshot = await this.#scopesOf(actor)
      // A socket is older than its stream: the session that opened it may be over by now.
      if (snapshot.length === 0) stream.end('session')
      if (stream.ended) return stream
      // Another tab may have heard of a newer chat than this snapshot knows: then it is read again.
      const own = snapshot.find((scope) => scope.kind === 'user')
      if (tries < 5 && own && (this.#scopes.get(own.id)?.rev ?? 0) > own.rev) continue
      for (const scope of snapshot) this.#attach(stream, scope)
      break
    }
    const tabs = this.#people.get(actor.userId) ?? new Set()
    this.#people.set(actor.userId, tabs.add(stream))
    // A socket has one stream: asked for again, it is the newest.
    for (const tab of tabs) if (tab !== stream && tab.isOn(socket)) this.leave(tab)
    if (tabs.size === 1) this.presence.came(actor.userId)
    this.#measure()
    return stream
  }

  leave(stream: Stream): void {
    stream.end('closed')
    for (const id of [...stream.scopes]) this.#detach(stream, id)
    const { userId } = stream.actor
    const tabs = this.#people.get(userId)
    if (tabs?.delete(stream) && tabs.size === 0) {
      this.#people.delete(userId)
      this.presence.went(userId)
    }
    this.#measure()
  }

  all(): Stream[] {
    return [...this.#people.values()].flatMap((tabs) => [...tabs])
  }

  close(): void {
    this.#closed = true
    this.presence.close()
    for (const stop of this.#timers) stop()
    for (const stream of this.all()) this.leave(stream)
  }

  /** The guarantee. One statement for all held scopes, by primary key. */
  async poll(): Promise<void> {
    if (this.#scopes.size === 0) return
    const done = this.#deps.metrics.polls.startTimer()
    const query = this.#deps.polls.selectFrom('scopes').select(['id', 'rev'])
    const rows = await query.where('id', '=', sql<string>`any(${[...this.#scopes.keys()]}::uuid[])`).execute()
    for (const { id, rev } of rows) if (this.#scopes.get(id)?.wants(rev)) this.#deps.metrics.found.inc()
    done()
  }

  /** Who was signed out, disabled or has run out is silent within a second, however it came about. */
  async checkSessions(streams: Stream[] = this.all()): Promise<void> {
    if (streams.length === 0) return
    const rows = await this.#openSessions(streams.map((stream) => stream.actor.sessionId)).execute()
    const valid = new Set(rows.map((row) => row.id))
    for (const stream of streams) if (!valid.has(stream.actor.sessionId)) stream.end('session')
  }

  #hear({ hints, signal, session }: Told): void {
    for (const hint of hints ?? []) this.#scopes.get(hint.id)?.wants(hint.rev)
    if (signal) this.#pass(signal)
    if (session) void this.checkSessions([...(this.#people.get(session.userId as UserId) ?? [])]).catch(() => undefined)
  }

  #pass({ signal, chatIds, userIds, except }: AddressedSignal): void {
    const frame: LiveFrame = { type: 'signal', signal }
    const to = new Set<Stream>()
    for (const id of chatIds) for (const stream of this.#scopes.get(id)?.streams ?? []) to.add(stream)
    for (const id of userIds) for (const stream of this.#people.get(id as UserId) ?? []) to.add(stream)
    for (const stream of to) if (stream.actor.userId !== except) stream.push(frame)
    if (signal.kind === 'presence') this.presence.heard(signal.userId, signal.online)
  }

  #openSessions(ids: SessionId[]) {
    return this.#deps.polls
      .selectFrom('sessions')
      .innerJoin('users', 'users.id', 'sessions.user_id')
      .select('sessions.id')
      .where('sessions.id', '=', sql<never>`any(${ids}::uuid[])`)
      .where('sessions.revoked_at', 'is', null)
      .where('users.disabled_at', 'is', null)
      .where((eb) => eb('sessions.expires_at', '>', eb.fn<Date>('veche_now')))
  }

  /** None for a session that is over. */
  async #scopesOf({ userId, sessionId }: Actor): Promise<Snapshot[]> {
    const { rows } = await sql<Snapshot>`
      select s.id, s.kind, s.rev from scopes s
      where (s.id in (${userId}::uuid, ${DIRECTORY_SCOPE}::uuid)
          or s.id in (select chat_id from members where user_id = ${userId} and left_at is null)
          or s.id in (select meeting_id from seats where user_id = ${userId} and state in ('in', 'away')))
        and exists (${this.#openSessions([sessionId])})`.execute(this.#deps.polls)
    return rows
  }

  #attach(stream: Stream, { id, kind, rev }: Snapshot): void {
    if (stream.ended) return
    const held = this.#scopes.get(id) ?? new HeldScope(this.#deps, { id, kind, rev }, (read) => this.#follow(read))
    this.#scopes.set(id, held)
    held.add(stream)
    stream.scopes.add(id)
    // Held already, and behind what this stream's snapshot has seen: read on, the poll may be two seconds away.
    held.wants(rev)
  }

  #detach(stream: Stream, id: ScopeId): void {
    stream.scopes.delete(id)
    const held = this.#scopes.get(id)
    held?.streams.delete(stream)
    if (held && held.streams.size === 0) this.#scopes.delete(id)
  }

  /** A person's own frame says which chats and meetings they came to or left: their streams follow. */
  #follow({ userId, rows: { memberships = [], mySeats = [] } }: { userId: ScopeId; rows: Rows }): void {
    if (memberships.length === 0 && mySeats.length === 0) return
    for (const stream of this.#people.get(userId as UserId) ?? []) {
      for (const { chatId: id, leftAt, sinceRev } of memberships)
        this.#move(stream, { id, kind: 'chat', rev: sinceRev }, leftAt === null)
      for (const { meetingId: id, state, sinceRev } of mySeats)
        this.#move(stream, { id, kind: 'meeting', rev: sinceRev }, state === 'in' || state === 'away')
    }
    this.#measure()
  }

  #move(stream: Stream, scope: Snapshot, inside: boolean): void {
    if (!inside) this.#detach(stream, scope.id)
    else if (!stream.scopes.has(scope.id)) this.#attach(stream, scope)
  }

  #measure(): void {
    this.#deps.metrics.sockets.set(this.all().length)
    this.#deps.metrics.scopesHeld.set(this.#scopes.size)
  }

  /** The next round begins when the last has ended: a slow database is not asked twice at once. */
  #every(ms: number, work: () => Promise<void>): void {
    let timer: NodeJS.Timeout
    const round = async () => {
      await work().catch((error: unknown) => this.#deps.log.debug({ err: error }, 'a round of the streams failed'))
      if (!this.#closed) timer = setTimeout(() => void round(), ms).unref()
    }
    timer = setTimeout(() => void round(), ms).unref()
    this.#timers.push(() => clearTimeout(timer))
  }
}
