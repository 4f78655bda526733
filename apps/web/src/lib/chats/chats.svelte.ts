import { newId, type ChatId, type UserId } from '@veche/shared/ids'
import type { ChatRow, MembershipRow } from '@veche/shared/rows/rows'
import type { SetMine } from '@veche/shared/schemas/chats'
import { createContext } from 'svelte'
import type { Api } from '#lib/api/client.ts'
import { TypedEvents } from '#lib/browser/TypedEvents.ts'
import type { Live } from '#lib/live/live.svelte.ts'
import { storesOfScopeAnswer } from '#lib/store/merge/needed-stores.ts'
import type { Changes } from '#lib/store/changes.ts'
import type { Store } from '#lib/store/Store.ts'
import { chatStores, compareChats, readChatsAfter, readChatsById, readFirstChats, type Chat } from './chat.ts'

/** A group that somebody has removed me from, and what I had written there that was not sent. */
export type Removal = { title: string; unsent: string }

/** The chats of this person, as this device holds them. */
export class Chats {
  loaded = $state(false)
  /** All chats of this device are read; before it only those on top of the list are. */
  isComplete = $state(false)
  /** The list is asked to focus its search field; it may have to be mounted first. */
  searchRequested = $state(false)
  /** It is asked to focus the row of this chat, which was left by the keyboard. */
  focusRequested = $state<ChatId | null>(null)
  #all = $state.raw<ReadonlyMap<ChatId, Chat>>(new Map())
  readonly #sorted = $derived([...this.#all.values()].sort(compareChats))
  readonly list = $derived(this.#sorted.filter((chat) => chat.listed))
  /** A search finds the chats of meetings too. */
  readonly searchable = $derived(this.#sorted.filter((chat) => chat.listed || chat.row.meetingOnly))
  readonly withLiveMeeting = $derived(this.#sorted.filter((chat) => chat.row.liveMeetingId !== null))
  /** The number on the tab and on the icon of the app: unread messages of chats that are not muted. */
  readonly unread = $derived(
    this.isComplete
      ? this.list.reduce((sum, chat) => sum + (chat.membership.notify === 'none' ? 0 : chat.unread), 0)
      : 0,
  )
  readonly events = new TypedEvents<{ removed: [Removal] }>()
  /** What is being typed in open conversations: it is stored only after a pause. */
  readonly unstoredDrafts = new Map<ChatId, () => string | undefined>()
  /** Files that were picked and not sent, of chats that are not open. */
  readonly picked = new Map<ChatId, File[]>()
  /** The chats that somebody else took the user out of. */
  readonly #removedFrom = new Set<ChatId>()
  readonly #live: Live
  readonly #api: Api
  #stale = new Set<ChatId>()
  /** Chats that changed while all were being read. */
  readonly #changed = new Set<ChatId>()
  #reading = false
  #readingRest = false
  #isStopped = false
  #store: Store | undefined

  constructor(live: Live, api: Api) {
    this.#live = live
    this.#api = api
  }

  /** Reads what the first screen shows, then all chats, then those that change. Returns a function that stops it. */
  async start(store: Store): Promise<() => void> {
    const unsubscribe = store.on('changed', (changes) => this.#handleChanges(store, changes))
    const first = await store.read((tx) => readFirstChats(tx, store.userId), chatStores)
    this.#put(first)
    this.loaded = true
    this.#store = store
    if (this.#stale.size > 0) void this.#readStale(store)
    void this.#readRest(store)
    return () => {
      this.#isStopped = true
      unsubscribe()
    }
  }

  /** The chat of a page that is open. It need not wait for those above it in the list. */
  want(id: ChatId) {
    if (this.get(id)) return
    this.#stale.add(id)
    if (this.#store && !this.#reading) void this.#readStale(this.#store)
  }

  /** They are shown all at once: so nothing in the list moves while it is read. */
  async #readRest(store: Store) {
    if (this.isComplete || this.#readingRest) return
    this.#readingRest = true
    try {
      const rest: Chat[] = []
      for (let key: string | null = ''; key !== null && !this.#isStopped;) {
        const after: string = key
        const { chats, next } = await store.read((tx) => readChatsAfter(tx, store.userId, after), chatStores)
        rest.push(...chats)
        key = next
      }
      this.#put(rest)
      this.isComplete = true
    } catch {
      // The database could not be read. The next change tries again.
    } finally {
      this.#readingRest = false
    }
  }

  /** A chat that has changed since is known better. */
  #put(chats: Chat[]) {
    const all = new Map(this.#all)
    for (const chat of chats) if (!all.has(chat.id) && !this.#changed.has(chat.id)) all.set(chat.id, chat)
    this.#all = all
  }

  get(id: ChatId): Chat | undefined {
    return this.#all.get(id)
  }

  /** Whether the user left a chat that this tab has shown, and nobody removed them. */
  hasLeft(id: ChatId): boolean {
    return !this.get(id) && !this.#removedFrom.has(id)
  }

  /** The title of a group, or the name of the other person. */
  title(chat: Chat): string {
    if (chat.row.title !== null) return chat.row.title
    return (chat.other && this.#live.people.get(chat.other)?.name) || '…'
  }

  async openDirect(userId: UserId): Promise<ChatId> {
    const answer = await this.#api.chats.openDirect.mutate({ userId })
    await this.#mergeOpened(answer)
    return answer.id as ChatId
  }

  /** The client chooses the id, so that a second try after a lost answer finds the same group. */
  newGroupId(): ChatId {
    return newId<ChatId>(this.#live.serverNow())
  }

  async createGroup(id: ChatId, title: string, userIds: UserId[]): Promise<void> {
    await this.#mergeOpened(await this.#api.chats.createGroup.mutate({ id, title, userIds }))
  }

  /** Pins, mutes or marks the chat: shown at once, without a network too. */
  async setMine(chatId: ChatId, mine: Omit<SetMine, 'chatId'>) {
    await this.#live.addCommand({ kind: 'chats.setMine', chatId, input: { chatId, ...mine } })
  }

  async takeMembership(membership: MembershipRow) {
    await this.#live.mergeAnswer({ memberships: [membership] })
  }

  async takeChat(chat: ChatRow) {
    await this.#live.mergeAnswer({ chats: [chat] })
  }

  async #mergeOpened(answer: Awaited<ReturnType<Api['chats']['openDirect']['mutate']>>) {
    const { applyScopeAnswer } = await import('#lib/store/merge/scope-answers.ts')
    await this.#live.merge(async (merge) => {
      const membership = await merge.membership(answer.id as ChatId)
      const { rev: membershipRev = 0, readSeq = 0 } = membership ?? {}
      await applyScopeAnswer(merge, answer, { id: answer.id, since: 0, membershipRev, readSeq })
    }, storesOfScopeAnswer(answer))
  }

  #handleChanges(store: Store, changes: Changes) {
    for (const id of changes.chats) {
      this.#stale.add(id)
      if (!this.isComplete) this.#changed.add(id)
    }
    if (!this.#reading) void this.#readStale(store)
    if (this.loaded) void this.#readRest(store)
  }

  /** Chats that change during one read are read together by the next. */
  async #readStale(store: Store) {
    this.#reading = true
    try {
      while (this.#stale.size > 0) {
        const ids = [...this.#stale]
        this.#stale.clear()
        await this.#readAgain(store, ids).catch((thrown: unknown) => {
          for (const id of ids) this.#stale.add(id)
          throw thrown
        })
      }
    } catch {
      // The database could not be read. The next change reads these chats too.
    } finally {
      this.#reading = false
    }
  }

  async #readAgain(store: Store, ids: ChatId[]) {
    const { chats, left } = await store.read(async (tx) => {
      const read = await readChatsById(tx, store.userId, ids)
      const gone = ids.filter((_, index) => read[index] === null)
      const memberships = await Promise.all(gone.map((id) => tx.get('memberships', id)))
      return { chats: read, left: new Map(gone.map((id, index) => [id, memberships[index]])) }
    }, chatStores)
    const all = new Map(this.#all)
    for (const [index, id] of ids.entries()) {
      const chat = chats[index]
      if (chat) all.set(id, chat)
      else {
        const gone = all.get(id)
        if (!left.get(id)?.wasRemoved) this.#removedFrom.delete(id)
        else {
          this.#removedFrom.add(id)
          if (gone) this.#noteRemoval(gone)
        }
        all.delete(id)
      }
    }
    this.#all = all
  }

  /** The store keeps nothing of the chat any more; what the person wrote is still here. */
  #noteRemoval(chat: Chat) {
    const typed = this.unstoredDrafts.get(chat.id)?.() ?? chat.draft
    this.unstoredDrafts.delete(chat.id)
    const unsent = [...chat.unsent, typed].filter((text) => text.trim()).join('\n\n')
    this.events.emit('removed', { title: this.title(chat), unsent })
  }
}

export const [getChats, setChats] = createContext<Chats>()
