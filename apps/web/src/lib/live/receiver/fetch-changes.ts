import { DIRECTORY_SCOPE, type ScopeId } from '@veche/shared/ids'
import type { ChatsPage } from '@veche/shared/live'
import { serverLimits } from '@veche/shared/server-limits'
import { storesOfChatsPage, storesOfState } from '../../store/merge/needed-stores.ts'
import { applyChatsPage, applyState, readKnownCursors, type KnownCursor } from '../../store/merge/scope-answers.ts'
import { abortable } from '../environment.ts'
import type { CatchUpDeps } from './CatchUp.ts'

/** As many chats as the largest screen shows. */
const FIRST_PAGE_CHATS = 40
const CHATS_PER_MERGE = 40

export type ChangesFetch = Pick<CatchUpDeps, 'store' | 'api' | 'rowReceiver' | 'onServerTime'> & {
  connection: AbortSignal
  /** A page of the list is merged. */
  onPage: (page: ChatsPage) => void
  /** How many scopes one request names at most. */
  scopesAtOnce?: number
}

/** All of it belongs to one connection: when that is lost, another hello comes, and another catch-up. */
export async function fetchChanges(changes: ChangesFetch): Promise<void> {
  const { store, rowReceiver } = changes
  const listed = await store.read((tx) => tx.get('listProgress', 'chats.listed'), ['listProgress'])
  if (!listed?.done) await rowReceiver.whileListing(() => listChats(changes, listed?.cursor ?? null))
  await fetchStates(changes)
  await requestMissing(changes)
  await rowReceiver.whenIdle()
}

/**
 * The first sync: the chats page by page, newest first, each with my membership. The first page is short, so that the list stands soon.
 * While a page is merged, the next one is on its way, and so is my own scope.
 */
async function listChats(changes: ChangesFetch, from: string | null): Promise<void> {
  const { store, api, rowReceiver, connection } = changes
  const fetch = (cursor: string | null, limit?: number) => abortable(connection, api.chats(cursor, limit))
  let next: Promise<ChatsPage> | null = fetch(from, from === null ? FIRST_PAGE_CHATS : undefined)
  for (let isFirst = true; next; isFirst = false) {
    const page: ChatsPage = await next
    next = page.next === null ? null : fetch(page.next)
    // When the merge fails, nobody waits for it.
    next?.catch(() => undefined)
    await mergePage(changes, page)
    if (isFirst) rowReceiver.requestScope(store.userId)
  }
  await rowReceiver.whenIdle()
}

/** In several transactions: what a person writes or opens meanwhile waits for one of them and not for the whole page. */
async function mergePage({ store, onPage }: ChangesFetch, page: ChatsPage): Promise<void> {
  const { chats, next } = page
  for (let first = 0; first === 0 || first < chats.length; first += CHATS_PER_MERGE) {
    const part = { ...page, chats: chats.slice(first, first + CHATS_PER_MERGE) }
    await store.merge(async (merge) => {
      await applyChatsPage(merge, part)
      const isLast = first + CHATS_PER_MERGE >= chats.length
      if (isLast) merge.tx.put('listProgress', { name: 'chats.listed', done: next === null, cursor: next })
    }, storesOfChatsPage(part))
  }
  onPage(page)
}

/**
 * As many scopes at once as one request may name. My own scope and the directory are in each: the server compares my own in any case, and
 * without its cursor would answer all of it. The first answer moves these two, so they are read again.
 */
async function fetchStates(changes: ChangesFetch): Promise<void> {
  const { store, scopesAtOnce = serverLimits.sync.scopes } = changes
  const isOwn = ({ id }: KnownCursor) => id === store.userId || id === DIRECTORY_SCOPE
  const readKnown = () => store.read(readKnownCursors, ['scopes', 'memberships'])
  const chats = (await readKnown()).filter((known) => !isOwn(known))
  do {
    const own = (await readKnown()).filter(isOwn)
    await fetchState(changes, [...own, ...chats.splice(0, scopesAtOnce - own.length)])
  } while (chats.length > 0)
}

async function fetchState(changes: ChangesFetch, known: KnownCursor[]): Promise<void> {
  const { store, api, rowReceiver, connection, onServerTime } = changes
  await rowReceiver.holdFrames(['all'], async () => {
    const cursors = known.map(({ id, since }): [ScopeId, number] => [id, since])
    const answer = await abortable(connection, api.state(cursors))
    onServerTime(answer.now)
    const cursorOf = new Map(known.map((each) => [each.id, each]))
    await store.merge((merge) => applyState(merge, answer, cursorOf), storesOfState(answer))
  })
}

/**
 * Chats of mine that are not held, scopes without a cursor, chats whose unread number only the server can tell, and people of whom only
 * the id is known. What asked for them may have been refused while the list came, or ended with its tab.
 */
async function requestMissing({ store, rowReceiver }: ChangesFetch): Promise<void> {
  const missing = await store.read(
    async (tx) => {
      const scopes = await tx.all('scopes')
      const held = new Set(scopes.map((scope) => scope.id))
      const uncounted = scopes.filter((scope) => scope.kind === 'chat' && scope.count.needsRecount)
      const active = (await tx.all('memberships')).filter((row) => row.leftAt === null)
      const wanted: ScopeId[] = [store.userId, DIRECTORY_SCOPE, ...active.map((row) => row.chatId)]
      const people = (await tx.all('people')).filter((person) => person.rev === 0)
      return {
        scopes: new Set([...wanted.filter((id) => !held.has(id)), ...uncounted.map(({ id }) => id)]),
        people: new Set(people.map((person) => person.id)),
      }
    },
    ['scopes', 'memberships', 'people'],
  )
  rowReceiver.request(missing)
}
