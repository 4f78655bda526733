import { type AppError, appError } from '#lib/api/error.ts'
import { measureBody } from './message-body.ts'

type Options = {
  /** Resolves when the message is in the outbox. */
  send(message: string): Promise<void>
  /** A text that was not sent is the draft of the chat. */
  storeDraft(text: string): void
}

/** The text in the field. It stays there until the outbox has it, and what was typed meanwhile stays after that. */
export class ComposerText {
  value = $state('')
  error = $state.raw<AppError | null>(null)
  readonly #options: Options
  /** Resolves when everything that was sent before is in the outbox. */
  #sending: Promise<void> = Promise.resolve()
  /** The beginning of the text that is on its way to the outbox. */
  #taken = ''
  /** The text that the outbox is given just now: it deletes the draft in the same transaction. */
  #leaving = ''
  /** How many texts the outbox has refused. What waited behind one of them is not sent. */
  #refusals = 0

  constructor(options: Options) {
    this.#options = options
  }

  /**
   * What is to be kept as the draft of the chat. A draft that is stored while a text is on its way comes after it, so it must not hold
   * that text: it would stay as the draft of a message that was sent.
   */
  get draft(): string {
    return this.value.startsWith(this.#leaving) ? this.value.slice(this.#leaving.length) : this.value
  }

  /** Sends what was typed since the last call, unless it is empty or too long. */
  send(): Promise<void> {
    if (!this.value.startsWith(this.#taken)) this.#taken = ''
    const typed = this.value.slice(this.#taken.length)
    const { text, sendable } = measureBody(typed)
    if (!sendable) return this.#sending
    this.#taken = this.value
    const refusals = this.#refusals
    const sendUnlessRefused = () => (refusals === this.#refusals ? this.#sendTyped(typed, text) : undefined)
    this.#sending = this.#sending.then(sendUnlessRefused)
    return this.#sending
  }

  /** Sends something else with the text, which may be empty. It stays in the field until the outbox has both. */
  sendWith(send: (caption: string) => Promise<void>): Promise<void> {
    this.#sending = this.#sending.then(() => this.#sendCaption(send))
    return this.#sending
  }

  async #sendCaption(send: (caption: string) => Promise<void>): Promise<void> {
    const typed = this.value
    this.error = null
    try {
      await send(typed)
      if (this.value.startsWith(typed)) this.value = this.value.slice(typed.length)
    } catch (thrown) {
      this.error = appError(thrown)
      this.#options.storeDraft(this.value)
    }
  }

  async #sendTyped(typed: string, message: string): Promise<void> {
    this.error = null
    this.#leaving = typed
    try {
      await this.#options.send(message)
    } catch (thrown) {
      this.error = appError(thrown)
      this.#refusals += 1
      this.#taken = ''
      this.#options.storeDraft(this.value)
      return
    } finally {
      this.#leaving = ''
    }
    if (this.value.startsWith(typed)) this.value = this.value.slice(typed.length)
    if (this.#taken.startsWith(typed)) this.#taken = this.#taken.slice(typed.length)
    if (this.value) this.#options.storeDraft(this.value)
  }
}
