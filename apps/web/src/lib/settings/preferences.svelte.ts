import type { SettingsRow } from '@veche/shared/rows/rows'
import { type Api, getApi } from '#lib/api/client.ts'
import { appError } from '#lib/api/error.ts'
import { describeError } from '#lib/api/error-description.ts'
import { getI18n, type I18n } from '#lib/i18n/i18n.svelte.ts'
import { getSession, type Session } from '#lib/session/session.svelte.ts'
import { getTheme, type Theme } from '#lib/ui/theme.svelte.ts'
import { getToasts, type Toasts } from '#lib/ui/overlay/toasts.svelte.ts'

type Choice = Partial<Pick<SettingsRow, 'locale' | 'theme' | 'contrast' | 'singleKeys'>>

/** The preferences of the account. A choice shows at once and is taken back when the server does not store it. */
export class Preferences {
  #api: Api = getApi()
  #session: Session = getSession()
  #i18n: I18n = getI18n()
  #theme: Theme = getTheme()
  #toasts: Toasts = getToasts()
  #pending = $state.raw<Choice>({})

  get current(): Choice {
    return { ...this.#session.me?.settings, ...this.#pending }
  }

  async choose(choice: Choice) {
    this.#pending = { ...this.#pending, ...choice }
    this.#show(this.current)
    try {
      this.#session.merge({ settings: await this.#api.users.updateSettings.mutate(choice) })
    } catch (thrown) {
      this.#toasts.show(describeError(appError(thrown), this.#i18n.locale), { tone: 'danger' })
    }
    this.#settle(choice)
  }

  /** A later choice of the same preference stays until its own answer. */
  #settle(choice: Choice) {
    const rest = Object.entries(this.#pending).filter(([key, value]) => choice[key as keyof Choice] !== value)
    this.#pending = Object.fromEntries(rest)
    this.#show(this.current)
  }

  #show({ locale, theme, contrast }: Choice) {
    if (locale) void this.#i18n.choose(locale)
    this.#theme.choose({ ...(theme ? { theme } : {}), ...(contrast ? { contrast } : {}) })
  }
}
