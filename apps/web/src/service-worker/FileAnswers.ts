import type { KeptFilesCommand, KeptFilesUse } from '#lib/files/kept/commands.ts'
import { KEPT_FILES, type KeptFile, KeptFiles, type KeptFilesDeps } from './KeptFiles.ts'

export type FileAnswersDeps = KeptFilesDeps & {
  caches: Pick<CacheStorage, 'open' | 'has' | 'delete'>
  fetch: (request: Request) => Promise<Response>
}

type ForgetCommand = Extract<KeptFilesCommand, { act: 'forget' }>

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
  /** What was deleted while answers are on their way: one that the server gave before that would be kept after it. */
  #forgotten: ForgetCommand[] = []
  #running = 0

  constructor(deps: FileAnswersDeps) {
    this.#deps = deps
  }

  /** `done` resolves when what came with the answer is kept. */
  async answer(request: Request): Promise<{ answer: Response; done: Promise<void> }> {
    // Before the server is asked: when the person signs out meanwhile, this cache is gone, and nothing is kept.
    const kept = await this.#current()
    this.#running += 1
    let noted: Promise<void> = Promise.resolve()
    try {
      const answer = await this.#deps.fetch(request).catch(async (error: unknown) => {
        const held = await kept?.find(request)
        if (held) return held
        throw error
      })
      if (answer.status >= 500) return { answer: (await kept?.find(request)) ?? answer, done: noted }
      noted = this.#note(kept, request, answer).catch(() => undefined)
      return { answer, done: noted }
    } finally {
      void noted.then(() => this.#end())
    }
  }

  /** What the page asks for. */
  async obey(command: KeptFilesCommand): Promise<KeptFilesUse | null> {
    if (command.act === 'empty') await this.#empty()
    const kept = await this.#current()
    if (command.act === 'limit') await kept?.limitTo(command.maxBytes)
    if (command.act === 'forget') {
      if (this.#running > 0) this.#forgotten.push(command)
      await kept?.forget(isOf(command))
    }
    return kept?.use ?? null
  }

  async #note(kept: KeptFiles | null, request: Request, answer: Response): Promise<void> {
    const { pathname } = new URL(request.url)
    if ([401, 403, 404, 410].includes(answer.status)) await kept?.forget((_, path) => path === pathname)
    // A download is no look at a file.
    else if (request.mode !== 'navigate') await kept?.keep(request, answer.clone())
    for (const command of this.#forgotten) await kept?.forget(isOf(command))
  }

  #end(): void {
    this.#running -= 1
    if (this.#running === 0) this.#forgotten = []
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

function isOf({ chatId, seqs }: ForgetCommand): (file: KeptFile) => boolean {
  return (file) => file.chatId === chatId && (seqs === 'all' || seqs.includes(file.seq))
}
