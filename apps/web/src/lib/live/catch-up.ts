import { DIRECTORY_SCOPE, type ScopeId } from '@veche/shared/ids'
import type { StateAnswer } from '@veche/shared/live'
import { limits } from '@veche/shared/limits'
import { applyChatsPage, applyState, type Ask } from '../store/answers.ts'
import type { Store } from '../store/Store.ts'
import type { ChatScope } from '../store/tables.ts'
import type { LiveApi } from './api.ts'
import type { Intake } from './Intake.ts'
import { unless } from './world.ts'

type Deps = {
  store: Store
  api: LiveApi
  intake: Intake
  /** Ends with the socket: then another hello will come, and another catch-up. */
  connection: AbortSignal
  heardNow: (now: number) => void
}

/** After each hello: everything that changed while nobody told. Afterwards what is held is what the server has. */
export async function catchUp(deps: Deps): Promise<void> {
  const listed = await deps.store.read((tx) => tx.get('marks', 'chats.listed'))
  if (!listed?.done) await listChats(deps, listed?.cursor ?? null)
  const asks = await heldScopes(deps.store)
  for (let at = 0; at < asks.length; at += limits.sync.scopes) {
    await askState(deps, asks.slice(at, at + limits.sync.scopes))
  }
  await askForMissing(deps)
  await deps.intake.settled()
}

/** The first sync: my memberships, then the chats page by page, the newest first; each page is shown as it comes. */
async function listChats(deps: Deps, from: string | null): Promise<void> {
  const { store, api, intake, connection } = deps
  intake.listing = true
  try {
    intake.ask(store.userId)
    await intake.settled()
    for (let cursor = from, done = false; !done;) {
      const readSeqs = await store.read(async (tx) => {
        return new Map((await tx.all('memberships')).map((row) => [row.chatId, row.readSeq]))
      })
      const page = await unless(connection, api.chats(cursor))
      await intake.commit(async (merge) => {
        await applyChatsPage(merge, page, readSeqs)
        merge.tx.put('marks', { name: 'chats.listed', done: page.next === null, cursor: page.next })
      })
      cursor = page.next
      done = page.next === null
    }
  } finally {
    intake.listing = false
  }
}

async function askState({ api, intake, connection, heardNow }: Deps, asks: Ask[]): Promise<void> {
  // Frames of any of these scopes may come while the answer is under way: they are merged after it.
  await intake.holding(['all'], async () => {
    const question = asks.map(({ id, since }): [ScopeId, number] => [id, since])
    const answer: StateAnswer = await unless(connection, api.state(question))
    heardNow(answer.now)
    await intake.commit((merge) => applyState(merge, answer, new Map(asks.map((ask) => [ask.id, ask]))))
  })
}

/** Me and the directory, then the chats, the newest first. */
async function heldScopes(store: Store): Promise<Ask[]> {
  return await store.read(async (tx) => {
    const memberships = new Map((await tx.all('memberships')).map((row) => [row.chatId as ScopeId, row]))
    const scopes = await tx.all('scopes')
    const chats = scopes.filter((scope): scope is ChatScope => scope.kind === 'chat')
    chats.sort((a, b) => (b.topAt ?? '').localeCompare(a.topAt ?? ''))
    const ordered = [...scopes.filter((scope) => scope.kind !== 'chat'), ...chats]
    return ordered.map(({ id, rev }) => {
      const membership = memberships.get(id)
      return { id, since: rev, membershipRev: membership?.rev ?? 0, readSeq: membership?.readSeq ?? 0 }
    })
  })
}

/** Chats that I am in and hold nothing of, scopes that I have no cursor for, people of whom only the id is known. */
async function askForMissing({ store, intake }: Deps): Promise<void> {
  const missing = await store.read(async (tx) => {
    const held = new Set((await tx.all('scopes')).map((scope) => scope.id))
    const active = (await tx.all('memberships')).filter((row) => row.leftAt === null)
    const wanted = [store.userId, DIRECTORY_SCOPE, ...active.map((row) => row.chatId)]
    const people = (await tx.all('people')).filter((person) => person.rev === 0)
    return { scopes: wanted.filter((id) => !held.has(id)), people: people.map((person) => person.id) }
  })
  const errands = { asks: new Set<ScopeId>(missing.scopes), people: new Set(missing.people), arrived: new Map() }
  intake.run(errands)
}
