import type { KeptFilesCommand, KeptFilesUse } from '#lib/files/kept/commands.ts'
import { KEPT_FILES, KeptFiles, type KeptFilesDeps } from './KeptFiles.ts'

export type FileAnswersDeps = KeptFilesDeps & {
  caches: Pick<CacheStorage, 'open' | 'has' | 'delete'>
  fetch: (request: Request) => Promise<Response>
}

/** The file, one of its previews, or its rendition. */
export const FILE_PATH = /^\/api\/files\/[0-9a-f-]{36}(\/[a-z0-9]+)?$/

/**
 * Answers requests for files. The server is asked each time whether this person may see the file today; only when it cannot be reached is
 * what was kept shown.
 */
export class FileAnswers {
  readonly #deps: FileAnswersDeps
  #kept: KeptFiles | null = null
  #turn: Promise<unknown> = Promise.resolve()

  constructor(deps: FileAnswersDeps) {
    this.#deps = deps
  }

  /** `done` resolves when what came with the answer is kept. */
  async answer(request: Request): Promise<{ answer: Response; done: Promise<void> }> {
    // Before the server is asked: when the person signs out meanwhile, this cache is gone, and nothing is kept.
    const kept = await this.#current()
    const answer = await this.#deps.fetch(request).catch(async (error: unknown) => {
      const held = await kept?.find(request)
      if (held) return held
      throw error
    })
    if (answer.status >= 500) return { answer: (await kept?.find(request)) ?? answer, done: Promise.resolve() }
    return { answer, done: this.#note(kept, request, answer).catch(() => undefined) }
  }

  /** What the page asks for. */
  async obey(command: KeptFilesCommand): Promise<KeptFilesUse | null> {
    if (command.act === 'empty') await this.#empty()
    const kept = await this.#current()
    if (command.act === 'limit') await kept?.limitTo(command.maxBytes)
    if (command.act === 'forget') {
      const { chatId, seqs } = command
      await kept?.forget((file) => file.chatId === chatId && (seqs === 'all' || seqs.includes(file.seq)))
    }
    return kept?.use ?? null
  }

  async #note(kept: KeptFiles | null, request: Request, answer: Response): Promise<void> {
    const { pathname } = new URL(request.url)
    if ([401, 403, 404, 410].includes(answer.status)) await kept?.forget((_, path) => path === pathname)
    // A download is no look at a file.
    else if (request.mode !== 'navigate') await kept?.keep(request, answer.clone())
  }

  async #empty(): Promise<void> {
    const maxBytes = (await this.#current())?.use.maxBytes
    await this.#deps.caches.delete(KEPT_FILES)
    if (maxBytes !== undefined) await (await this.#current())?.limitTo(maxBytes)
  }

  /** Signing out deletes the cache. Null when the browser gives none. */
  #current(): Promise<KeptFiles | null> {
    const turn = this.#turn.then(async () => {
      if (!this.#kept || !(await this.#deps.caches.has(KEPT_FILES)))
        this.#kept = await KeptFiles.open(this.#deps.caches, this.#deps)
      return this.#kept
    })
    this.#turn = turn.catch(() => undefined)
    return turn.catch(() => null)
  }
}
