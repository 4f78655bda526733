import { DIRECTORY_SCOPE, type ScopeId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { appError } from '../../api/error.ts'
import { storesOfChatsPage, storesOfState } from '../../store/merge/needed-stores.ts'
import { readSeqsOfServer } from '../../store/merge/read-positions.ts'
import { applyChatsPage, applyState, readKnownCursor, type KnownCursor } from '../../store/merge/scope-answers.ts'
import { abortable, backoffMs, pause } from '../environment.ts'
import type { ReceiverDeps, RowReceiver } from './RowReceiver.ts'

type CatchUpDeps = ReceiverDeps & {
  rowReceiver: RowReceiver
  /** The server's clock came with an answer. */
  onServerTime: (now: number) => void
  /** A catch-up began or ended. */
  onChange: () => void
  onCaughtUp: () => void
}

/** After each hello, fetches all that changed while no frame could tell. Afterwards this device holds what the server has. */
export class CatchUp {
  readonly #deps: CatchUpDeps
  readonly #stopped = new AbortController()
  #running: Promise<void> | undefined
  #isRequested = false

  constructor(deps: CatchUpDeps) {
    this.#deps = deps
  }

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  request(): void {
    this.#isRequested = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      this.#deps.onChange()
    })
    this.#deps.onChange()
  }

  async whenIdle(): Promise<void> {
    while (this.#running) await this.#running
  }

  stop(): void {
    this.#stopped.abort()
  }

  async #run(): Promise<void> {
    const { environment, connection, onSignedOut, onCaughtUp } = this.#deps
    for (let attempt = 0; this.#isRequested && !connection().aborted; attempt++) {
      this.#isRequested = false
      try {
        await this.#fetchChanges(connection())
        onCaughtUp()
      } catch (thrown) {
        if (appError(thrown).code === 'auth.required') return onSignedOut()
        this.#isRequested = true
        await pause(environment, 250 + backoffMs(environment, attempt, 500, 10_000), this.#stopped.signal)
      }
    }
  }

  /** All of it belongs to one connection: when that is lost, another hello comes, and another catch-up. */
  async #fetchChanges(connection: AbortSignal): Promise<void> {
    const { store, rowReceiver } = this.#deps
    const listed = await store.read((tx) => tx.get('listProgress', 'chats.listed'), ['listProgress'])
    if (!listed?.done) await rowReceiver.whileListing(() => this.#listChats(connection, listed?.cursor ?? null))
    const known = await this.#knownCursors()
    for (let first = 0; first < known.length; first += limits.sync.scopes) {
      await this.#fetchState(connection, known.slice(first, first + limits.sync.scopes))
    }
    await this.#requestMissing()
    await rowReceiver.whenIdle()
  }

  /** The first sync: my memberships, then the chats page by page, newest first. Each page is shown as it comes. */
  async #listChats(connection: AbortSignal, from: string | null): Promise<void> {
    const { store, api, rowReceiver } = this.#deps
    rowReceiver.requestScope(store.userId)
    await rowReceiver.whenIdle()
    for (let cursor = from, done = false; !done;) {
      const readSeqs = await store.read(readSeqsOfServer, ['memberships'])
      const page = await abortable(connection, api.chats(cursor))
      await store.merge(async (merge) => {
        await applyChatsPage(merge, page, readSeqs)
        merge.tx.put('listProgress', { name: 'chats.listed', done: page.next === null, cursor: page.next })
      }, storesOfChatsPage(page))
      cursor = page.next
      done = page.next === null
    }
  }

  async #fetchState(connection: AbortSignal, known: KnownCursor[]): Promise<void> {
    const { store, api, rowReceiver, onServerTime } = this.#deps
    await rowReceiver.holdFrames(['all'], async () => {
      const cursors = known.map(({ id, since }): [ScopeId, number] => [id, since])
      const answer = await abortable(connection, api.state(cursors))
      onServerTime(answer.now)
      const cursorOf = new Map(known.map((each) => [each.id, each]))
      await store.merge((merge) => applyState(merge, answer, cursorOf), storesOfState(answer))
    })
  }

  /** My user scope and the directory, then the chats, newest first. */
  #knownCursors(): Promise<KnownCursor[]> {
    return this.#deps.store.read(
      async (tx) => {
        const scopes = await tx.all('scopes')
        const plain = scopes.filter((scope) => scope.kind !== 'chat')
        const chats = scopes.filter((scope) => scope.kind === 'chat')
        chats.sort((a, b) => (b.topAt ?? '').localeCompare(a.topAt ?? ''))
        return await Promise.all([...plain, ...chats].map(({ id }) => readKnownCursor(tx, id)))
      },
      ['scopes', 'memberships'],
    )
  }

  /** Chats of mine that are not held, scopes without a cursor, and people of whom only the id is known. */
  async #requestMissing(): Promise<void> {
    const { store, rowReceiver } = this.#deps
    const missing = await store.read(
      async (tx) => {
        const held = new Set((await tx.all('scopes')).map((scope) => scope.id))
        const active = (await tx.all('memberships')).filter((row) => row.leftAt === null)
        const wanted: ScopeId[] = [store.userId, DIRECTORY_SCOPE, ...active.map((row) => row.chatId)]
        const people = (await tx.all('people')).filter((person) => person.rev === 0)
        return {
          scopes: new Set(wanted.filter((id) => !held.has(id))),
          people: new Set(people.map((person) => person.id)),
        }
      },
      ['scopes', 'memberships', 'people'],
    )
    rowReceiver.request(missing)
  }
}
