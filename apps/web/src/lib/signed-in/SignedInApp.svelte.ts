import type { ChatId, UserId } from '@veche/shared/ids'
import type { Api } from '#lib/api/client.ts'
import { Chats, setChats } from '#lib/chats/chats.svelte.ts'
import { MessageKinds, setMessageKinds } from '#lib/chats/message-kinds.ts'
import { ConversationParts, setConversationParts } from '#lib/conversation/conversation-parts.ts'
import { Live, setLive } from '#lib/live/live.svelte.ts'
import type { Locale } from '#lib/i18n/languages.ts'
import { setReasonToStay } from '#lib/session/reason-to-stay.ts'
import type { Session } from '#lib/session/session.svelte.ts'
import { setUnsentMessages } from '#lib/session/unsent-messages.ts'
import { setAvatarOf } from '#lib/ui/avatar-of.ts'
import { setShortcutHelp, ShortcutHelp } from '#lib/ui/overlay/shortcut-help.svelte.ts'
import type { Feature, FeatureBar, StartedFeature } from './feature.ts'

/**
 * Everything that lives as long as one person is signed in on this tab, whatever page is open: the live stream, the chats, and what
 * higher features keep. It starts when it is made.
 */
export class SignedInApp {
  readonly session: Session
  readonly live: Live
  readonly chats: Chats
  readonly messageKinds = new MessageKinds()
  readonly conversationParts = new ConversationParts()
  /** Resolves when the store is open and the chats are read. */
  readonly started: Promise<void>
  readonly #shortcutHelp = new ShortcutHelp()
  readonly #features: StartedFeature[]
  readonly #stopFollowing: () => void
  #stopReading = () => undefined as void
  #ending: Promise<void> | undefined

  constructor(session: Session, features: readonly Feature[]) {
    this.session = session
    this.live = new Live(session)
    this.chats = new Chats(this.live, session.api)
    this.#features = features.map(({ start }) => start(this))
    this.#stopFollowing = $effect.root(() => {
      $effect(() => this.#fetchPresence())
      for (const { follow } of this.#features) follow?.()
    })
    this.started = this.#start()
  }

  get api(): Api {
    return this.session.api
  }

  get bars(): FeatureBar[] {
    return this.#features.flatMap(({ bar }) => bar ?? [])
  }

  /** Gives everything to the screens. To be called while the component that is around them is set up. */
  provide(): void {
    setLive(this.live)
    setChats(this.chats)
    setAvatarOf((id) => (this.chats.get(id as ChatId)?.row ?? this.live.people.get(id as UserId))?.avatarId)
    setMessageKinds(this.messageKinds)
    setConversationParts(this.conversationParts)
    setShortcutHelp(this.#shortcutHelp)
    setUnsentMessages({ count: () => this.live.countUnsent() })
    setReasonToStay((locale) => this.reasonToStay(locale))
    for (const { provide } of this.#features) provide?.()
  }

  /** What the features say that signing out would end; null when there is nothing. */
  reasonToStay(locale: Locale): string | null {
    return this.#features.flatMap(({ reasonToStay }) => reasonToStay?.(locale) ?? []).join(' ') || null
  }

  /** The session of this person is over. The live stream and the store close by themselves, with the session. */
  end(): Promise<void> {
    return (this.#ending ??= this.#end())
  }

  async #start(): Promise<void> {
    await this.live.start()
    const { client } = this.live
    if (!client) return
    // The session ended while the store was being opened.
    if (this.#ending) return this.live.close()
    this.#stopReading = await this.chats.start(client.store)
    if (this.#ending) this.#stopReading()
  }

  async #end(): Promise<void> {
    this.#stopFollowing()
    this.#stopReading()
    await Promise.allSettled(this.#features.map(async ({ end }) => end?.()))
  }

  /** Fetches the presence of everybody with whom this person has a direct chat, each time the connection is there. */
  #fetchPresence(): void {
    if (this.live.status !== 'online') return
    void this.live.fetchPresence(this.chats.list.flatMap((chat) => chat.other ?? []))
  }
}
