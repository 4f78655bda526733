import { newId, type ChatId, type UserId } from '@veche/shared/ids'
import type { ChatRow, MembershipRow } from '@veche/shared/rows/rows'
import { createContext } from 'svelte'
import type { Api } from '#lib/api/client.ts'
import type { Live } from '#lib/live/live.svelte.ts'
import { applyScopeAnswer } from '#lib/store/merge/scope-answers.ts'
import type { Changes } from '#lib/store/changes.ts'
import { mergeRows } from '#lib/store/merge/rows.ts'
import type { Store } from '#lib/store/Store.ts'
import { inOrder, readChat, readChats, type Chat } from './chat.ts'

/** All my chats, as they are held on this device. */
export class Chats {
  loaded = $state(false)
  /** Somebody wants to search, perhaps from where there is no list: it takes the wish when it is there. */
  searching = $state(false)
  #all = $state.raw<ReadonlyMap<ChatId, Chat>>(new Map())
  readonly list = $derived([...this.#all.values()].filter((chat) => chat.listed).sort(inOrder))
  /** The number on the tab and on the app: of all that are not muted. */
  readonly unread = $derived(
    this.list.reduce((sum, chat) => sum + (chat.membership.notify === 'none' ? 0 : chat.unread), 0),
  )
  readonly #live: Live
  readonly #api: Api
  #stale = new Set<ChatId>()
  #reading = false

  constructor(live: Live, api: Api) {
    this.#live = live
    this.#api = api
  }

  /** Reads everything once, then what changes; answers how to stop. */
  async start(store: Store): Promise<() => void> {
    const off = store.on('changed', (changes) => this.#note(store, changes))
    const chats = await store.read((tx) => readChats(tx, store.userId))
    this.#all = new Map(chats.map((chat) => [chat.id, chat]))
    this.loaded = true
    return off
  }

  get(id: ChatId): Chat | undefined {
    return this.#all.get(id)
  }

  /** Its title, or the name of the other one. */
  title(chat: Chat): string {
    if (chat.row.title !== null) return chat.row.title
    return (chat.other && this.#live.people.get(chat.other)?.name) || '…'
  }

  async openDirect(userId: UserId): Promise<ChatId> {
    const answer = await this.#api.chats.openDirect.mutate({ userId })
    await this.#establish(answer)
    return answer.id as ChatId
  }

  /** The id is chosen once, so that a second press after a lost answer finds the same group. */
  newGroupId(): ChatId {
    return newId<ChatId>(this.#live.client?.serverNow())
  }

  async createGroup(id: ChatId, title: string, userIds: UserId[]): Promise<void> {
    await this.#establish(await this.#api.chats.createGroup.mutate({ id, title, userIds }))
  }

  async setMine(chatId: ChatId, mine: { notify?: 'all' | 'none'; pinned?: boolean; unreadMark?: boolean }) {
    const { membership } = await this.#api.chats.setMine.mutate({ chatId, ...mine })
    await this.takeMembership(membership)
  }

  async takeMembership(membership: MembershipRow) {
    await this.#live.merge((merge) => mergeRows(merge, { memberships: [membership] }, 'answer'))
  }

  async takeChat(chat: ChatRow) {
    await this.#live.merge((merge) => mergeRows(merge, { chats: [chat] }, 'answer'))
  }

  async #establish(answer: Awaited<ReturnType<Api['chats']['openDirect']['mutate']>>) {
    await this.#live.merge(async (merge) => {
      const membership = await merge.membership(answer.id as ChatId)
      const { rev: membershipRev = 0, readSeq = 0 } = membership ?? {}
      await applyScopeAnswer(merge, answer, { id: answer.id, since: 0, membershipRev, readSeq })
    })
  }

  #note(store: Store, changes: Changes) {
    for (const id of changes.chats) this.#stale.add(id)
    if (!this.#reading) void this.#readStale(store)
  }

  /** Everything that changed while one reading was under way is read together by the next. */
  async #readStale(store: Store) {
    this.#reading = true
    while (this.#stale.size > 0) {
      const ids = [...this.#stale]
      this.#stale.clear()
      const chats = await store.read((tx) => Promise.all(ids.map((id) => readChat(tx, store.userId, id))))
      const all = new Map(this.#all)
      for (const [index, id] of ids.entries()) {
        const chat = chats[index]
        if (chat) all.set(id, chat)
        else all.delete(id)
      }
      this.#all = all
    }
    this.#reading = false
  }
}

export const [getChats, setChats] = createContext<Chats>()
