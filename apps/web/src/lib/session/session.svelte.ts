import { createContext } from 'svelte'
import type { PersonRow, SettingsRow } from '@veche/shared/rows/rows'
import type { Api, ApiOptions } from '#lib/api/client.ts'
import { AppError, appError } from '#lib/api/error.ts'
import { isWipeDue, type Me, readMe, requestWipe, watchOtherTabs, wipeBrowserData, writeMe } from './browser-data.ts'

/**
 * starting: not known yet · in: signed in · ending: the data of the session is being wiped, then the page loads again · out: signed
 * out · unreachable: nobody was signed in here before, and the server does not answer
 */
export type SessionState = 'starting' | 'in' | 'ending' | 'out' | 'unreachable'

/** What lives as long as somebody is signed in: `open` is called when it begins, and `close` before the data is wiped. */
type SessionFollower = { open: () => void; close: () => Promise<void> }

/** The session of this browser. It opens with the person who was signed in last, so the app works offline, and asks the server at once. */
export class Session {
  state = $state<SessionState>('starting')
  me = $state.raw<Me | null>(null)
  /** The account was made in this tab, so it has no chats yet. */
  isNewAccount = false
  #api: Api
  readonly #followers = new Set<SessionFollower>()
  #closers = new Set<() => void | Promise<void>>()
  #isSigningOut = false

  constructor(createApi: (options: ApiOptions) => Api) {
    this.#api = createApi({
      personOfTab: () => this.me?.user.id,
      onSignedOut: () => void this.end(),
      onOtherPerson: () => void this.#followOtherPerson(),
    })
  }

  get api(): Api {
    return this.#api
  }

  /** Somebody with an account is signed in. Reactive. */
  get hasAccount(): boolean {
    return this.state === 'in' && this.me?.kind !== 'guest'
  }

  /** Somebody is here by the link of a meeting, without an account. Reactive. */
  get isGuest(): boolean {
    return this.state === 'in' && this.me?.kind === 'guest'
  }

  async start() {
    if (isWipeDue()) await wipeBrowserData()
    const me = readMe()
    if (me) this.#take(me)
    watchOtherTabs((me) => (me ? this.#takeFromOtherTab(me) : this.end()))
    await this.check()
  }

  async check() {
    try {
      const me = await this.#api.auth.me.query()
      await (me ? this.enter(me) : this.end())
    } catch (thrown) {
      if (!this.me && appError(thrown).code !== 'auth.required') this.state = 'unreachable'
    }
  }

  /** Signs in, signs up or opens a link by `act`, and enters as the person whom the server answers. */
  async open(act: () => Promise<Me>, { isNewAccount = false } = {}): Promise<Me> {
    const me = await act()
    // A browser says nowhere that it has refused a cookie.
    const kept = await this.#api.auth.me.query().catch(() => me)
    if (!kept) throw new AppError('browser.no_cookie')
    this.isNewAccount = isNewAccount
    await this.enter(me)
    return me
  }

  /** If another person was signed in here before, their data is wiped first. */
  async enter(me: Me) {
    if (this.state === 'ending') return
    const before = readMe()
    if (before && before.user.id !== me.user.id) {
      await this.#close()
      await wipeBrowserData()
      writeMe(me)
      location.reload()
      return
    }
    this.#take(me)
    writeMe(me)
  }

  /** Takes newer rows of mine, from an answer or from the live stream. */
  merge(rows: { user?: PersonRow; settings?: SettingsRow }) {
    if (!this.me) return
    const user = rows.user && rows.user.id === this.me.user.id && rows.user.rev > this.me.user.rev ? rows.user : null
    const settings = rows.settings && rows.settings.rev > this.me.settings.rev ? rows.settings : null
    if (!user && !settings) return
    this.me = { ...this.me, ...(user ? { user } : {}), ...(settings ? { settings } : {}) }
    writeMe(this.me)
  }

  /** Throws when the server cannot be reached: the session would go on there, so nothing is wiped here. */
  async signOut() {
    // The live stream may tell that the session is over before the answer does.
    this.#isSigningOut = true
    try {
      await this.#api.auth.signOut.mutate()
    } catch (thrown) {
      if (appError(thrown).code !== 'auth.required') {
        this.#isSigningOut = false
        throw thrown
      }
    }
    await this.end()
  }

  /** The session is over: wipes its data. If it was ended elsewhere, messages that were never sent stay. */
  async end() {
    if (this.state === 'ending') return
    const wasSignedIn = this.me !== null
    this.state = wasSignedIn ? 'ending' : 'out'
    this.me = null
    if (!wasSignedIn) return
    requestWipe({ keepUnsent: !this.#isSigningOut })
    await this.#close()
    await wipeBrowserData()
    location.assign('/signin')
  }

  /** Follows every session of this tab, beginning with the one that is open now. Returns a function that stops it. */
  follow(follower: SessionFollower): () => void {
    this.#followers.add(follower)
    if (this.state === 'in') follower.open()
    return () => this.#followers.delete(follower)
  }

  /** Registers what has to close before the data of this session is wiped: sockets, the database. */
  onClose(close: () => void | Promise<void>): void {
    this.#closers.add(close)
  }

  #take(me: Me) {
    const begins = this.state !== 'in'
    this.me = me
    this.state = 'in'
    if (begins) for (const { open } of this.#followers) open()
  }

  /** Nothing more is sent from here for the person before: their commands stay in their outbox. */
  async #followOtherPerson() {
    const me = await this.#api.auth.me.query().catch(() => null)
    if (me) this.#takeFromOtherTab(me)
  }

  #takeFromOtherTab(me: Me) {
    if (this.state === 'ending') return
    if (this.me && this.me.user.id !== me.user.id) location.reload()
    else this.#take(me)
  }

  async #close() {
    const closers = [...[...this.#followers].map(({ close }) => close), ...this.#closers]
    this.#closers.clear()
    await Promise.allSettled(closers.map(async (close) => close()))
  }
}

export const [getSession, setSession] = createContext<Session>()
