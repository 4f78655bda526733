import type { ErrorCode, LimitBytes } from '@veche/shared/errors'
import type { ClientId } from '@veche/shared/ids'
import { appError } from '../../api/error.ts'
import { byOrder, isMessage, type Command, type CommandName } from '../../store/commands.ts'
import { storesOfRows } from '../../store/merge/needed-stores.ts'
import { mergeRefused, mergeSent } from '../../store/merge/sent-commands.ts'
import { backoffMs, pause, type Environment } from '../environment.ts'
import { deleteCommand, resendCommand } from './command-changes.ts'
import { type CommandContext, type CommandKind, commandKinds, type CommandKinds, type Pace } from './command-kinds.ts'
import { withOutboxLock } from './outbox-lock.ts'

/** A failure is often over at the next attempt, so one of them is not told. */
const STALLED_AFTER_FAILURES = 2
const MAX_PARALLEL: Record<Pace, number> = { quick: 6, slow: 2 }

export type SenderDeps = CommandContext & {
  environment: Environment
  /** Replaces what is known of the kinds of commands. */
  kinds?: CommandKinds | undefined
  onSignedOut: () => void
  /** The server refused a small change, which was dropped and is shown no longer. */
  onDropped: (why: ErrorCode) => void
}

/** Sends what is in the outbox: each queue in the order of composing, under the same client id until the server answers. */
export class CommandSender {
  readonly #deps: SenderDeps
  readonly #stopped = new AbortController()
  #isSending = false
  #mayHaveMore = false
  /** Resolves when there may be something new to send. */
  #wakeUp = Promise.withResolvers<void>()
  /** Aborts the pauses before commands are sent again. */
  #retry = new AbortController()

  constructor(deps: SenderDeps) {
    this.#deps = deps
  }

  send(): void {
    if (this.#stopped.signal.aborted) return
    this.#wakeUp.resolve()
    this.#wakeUp = Promise.withResolvers()
    this.#mayHaveMore = true
    if (this.#isSending) return
    this.#isSending = true
    void this.#sendWhileThereIsMore()
  }

  retryNow(): void {
    this.#retry.abort()
    this.#retry = new AbortController()
    this.send()
  }

  stop(): void {
    this.#stopped.abort()
    this.#retry.abort()
    this.#wakeUp.resolve()
  }

  /** A command may be composed between the last read of the outbox and the release of the lock, so it is read again after that. */
  async #sendWhileThereIsMore(): Promise<void> {
    const { store, environment } = this.#deps
    while (this.#mayHaveMore && !this.#stopped.signal.aborted) {
      this.#mayHaveMore = false
      try {
        if ((await this.#unsent()).length === 0) continue
        const deps = { store, environment, stopped: this.#stopped.signal }
        // At once, unless another tab is sending.
        await withOutboxLock(deps, (signal) => this.#sendAll(signal))
      } catch {
        // The database could not be read. It may work in a moment, and nothing is lost until then.
        await pause(environment, 1_000, this.#stopped.signal)
      }
      // Another tab may have stolen the lock before all was sent.
      this.#mayHaveMore ||= (await this.#unsent().catch(() => [])).length > 0
    }
    await this.#tidy()
    this.#isSending = false
    // Something may have been composed meanwhile.
    if (this.#mayHaveMore) return this.send()
    if (!this.#stopped.signal.aborted) store.tellStalled(false)
  }

  async #sendAll(signal: AbortSignal): Promise<void> {
    const sending = new Map<string, { id: ClientId; pace: Pace; done: Promise<void>; cancelled: AbortController }>()
    while (!signal.aborted) {
      const wokenUp = this.#wakeUp.promise
      const unsent = await this.#unsent()
      const isUnsent = new Set(unsent.map(({ id }) => id))
      // An upload that was taken back or paused must not go on. A quick command is asked about until the server has answered.
      for (const { id, pace, cancelled } of sending.values()) {
        if (pace !== 'slow' || isUnsent.has(id) || cancelled.signal.aborted) continue
        cancelled.abort()
        void this.#tidy()
      }
      for (const [queue, commands] of Map.groupBy(unsent, (command) => this.#queueOf(command))) {
        const [first] = commands
        if (!first || sending.has(queue)) continue
        const { pace } = this.#kindOf(first)
        if ([...sending.values()].filter((each) => each.pace === pace).length >= MAX_PARALLEL[pace]) continue
        const cancelled = new AbortController()
        const until = AbortSignal.any([signal, cancelled.signal])
        const done = this.#sendCommand(first, until).finally(() => sending.delete(queue))
        sending.set(queue, { id: first.id, pace, done, cancelled })
      }
      if (sending.size === 0) return
      await Promise.race([wokenUp, ...[...sending.values()].map(({ done }) => done)])
    }
  }

  /** Tries until the server has done or refused it, this tab loses the lock, or the person takes it back. */
  async #sendCommand(command: Command, signal: AbortSignal): Promise<void> {
    const { store, environment } = this.#deps
    const { request, finalErrors } = this.#kindOf(command)
    /** In a row. A chat that is locked for a while (`server.busy`) says nothing of the server. */
    let failures = 0
    for (let attempt = 0; !signal.aborted; attempt++) {
      let delayMs = backoffMs(environment, attempt, 1_000, 30_000)
      try {
        if (environment.online()) {
          const rows = await request(this.#deps, command, signal)
          failures = 0
          this.#deps.store.tellStalled(false)
          await store.merge((merge) => mergeSent(merge, command, rows), ['outbox', ...storesOfRows(rows)])
          void this.#noteGone(command).catch(() => undefined)
          // From now on there is something here that its author expects to find again.
          return isMessage(command) ? environment.persistStorage() : undefined
        }
      } catch (thrown) {
        if (signal.aborted) return
        const { code, network, retryAfterSeconds, bytes } = appError(thrown)
        failures = network || code === 'server.unavailable' || code === 'server.disk_full' ? failures + 1 : 0
        if (failures >= STALLED_AFTER_FAILURES) this.#deps.store.tellStalled(true)
        if (code === 'auth.required') return this.#endSession()
        const refusal = finalErrors.find((each) => each === code)
        if (refusal) return await this.#refuse(command, { code: refusal, bytes })
        delayMs = Math.max(delayMs, (retryAfterSeconds ?? 0) * 1_000)
      }
      await pause(environment, delayMs, AbortSignal.any([signal, this.#retry.signal]))
    }
  }

  async #refuse(command: Command, why: { code: ErrorCode; bytes: LimitBytes | undefined }): Promise<void> {
    const { store, onDropped } = this.#deps
    const { whenRefused } = this.#kindOf(command)
    const isRefused = await store.merge((merge) => mergeRefused(merge, command, why, whenRefused), ['outbox'])
    if (isRefused && whenRefused === 'drop') onDropped(why.code)
  }

  #endSession(): void {
    this.stop()
    this.#deps.onSignedOut()
  }

  /** See `Outbox`. */
  async resend(id: ClientId): Promise<void> {
    await resendCommand(this.#deps.store, this.#deps.clock, id)
  }

  /** See `Outbox`. */
  async cancel(id: ClientId): Promise<void> {
    const deleted = await deleteCommand(this.#deps.store, id)
    if (!deleted) return
    await this.#noteGone(deleted)
    await this.#kindOf(deleted).whenTakenBack?.(this.#deps, deleted)
  }

  /** The command has left the outbox. */
  async #noteGone(command: Command): Promise<void> {
    await this.#kindOf(command).whenGone?.(this.#deps)
  }

  /** Commands leave the outbox with their chat too, of which nobody tells. */
  async #tidy(): Promise<void> {
    const kinds: Pick<CommandKind<'files.send'>, 'whenGone'>[] = Object.values(this.#deps.kinds ?? commandKinds)
    for (const { whenGone } of kinds) await whenGone?.(this.#deps).catch(() => undefined)
  }

  async #unsent(): Promise<Command[]> {
    const commands = await this.#deps.store.read((tx) => tx.all('outbox'), ['outbox'])
    return commands.filter(({ refusal, paused }) => refusal === null && !paused).sort(byOrder)
  }

  #queueOf(command: Command): string {
    return this.#kindOf(command).queue(command.input)
  }

  /** The input of a command belongs to its kind, which the compiler cannot see from here. */
  #kindOf({ kind }: Command): CommandKind<CommandName> {
    return (this.#deps.kinds ?? commandKinds)[kind] as unknown as CommandKind<CommandName>
  }
}
