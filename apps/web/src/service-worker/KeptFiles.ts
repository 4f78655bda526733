/** What this worker needs to know of a file that is kept. */
export type KeptFile = { bytes: number; usedAt: number; etag: string; chatId: string; seq: number }
type Index = { maxBytes: number; files: Record<string, KeptFile> }

export const KEPT_FILES = 'veche-files'
const INDEX = '/api/files/kept'
export const DEFAULT_MAX_BYTES = 200_000_000
/** A longer original is not kept; its previews are. */
const MAX_FILE_BYTES = 10_000_000
const SAVE_AFTER_MS = 1_000
/** What a browser needs to show it as safely as from the server. */
const HEADERS = ['content-type', 'content-disposition', 'content-security-policy', 'x-content-type-options', 'etag']

export type KeptFilesDeps = { now: () => number; after: (ms: number) => Promise<void> }

/**
 * Files that were seen, for the time without a network. Everything is in one cache, with a list of what it is, so that whoever deletes
 * the cache deletes all of it; what a `KeptFiles` opened earlier still writes goes into the cache that is gone.
 */
export class KeptFiles {
  readonly #cache: Cache
  readonly #index: Index
  readonly #deps: KeptFilesDeps
  #saving: Promise<void> | null = null

  static async open(caches: Pick<CacheStorage, 'open'>, deps: KeptFilesDeps): Promise<KeptFiles> {
    const cache = await caches.open(KEPT_FILES)
    const index = await readIndex(cache)
    // The worker was stopped before the list was saved: nobody knows to which message these belong.
    for (const { url } of await cache.keys()) {
      const path = new URL(url).pathname
      if (path !== INDEX && !index.files[path]) await cache.delete(path)
    }
    return new KeptFiles(cache, index, deps)
  }

  private constructor(cache: Cache, index: Index, deps: KeptFilesDeps) {
    this.#cache = cache
    this.#index = index
    this.#deps = deps
  }

  get use(): { bytes: number; maxBytes: number } {
    return { bytes: sumOf(this.#index.files), maxBytes: this.#index.maxBytes }
  }

  /** What is kept under this path; a part of it, if the request asks for one. */
  async find(request: Request): Promise<Response | null> {
    const path = pathOf(request)
    const file = this.#index.files[path]
    const kept = file && (await this.#cache.match(path, { ignoreVary: true }))
    if (!kept) return null
    file.usedAt = this.#deps.now()
    const range = request.headers.get('range')
    return range ? partOf(kept, range) : kept
  }

  /** Keeps what the server has answered, if it is a file of a message and small enough. Resolves when it is saved. */
  async keep(request: Request, answer: Response): Promise<void> {
    const path = pathOf(request)
    const file = describe(answer)
    if (!file || file.bytes > Math.min(MAX_FILE_BYTES, this.#index.maxBytes)) return
    const usedAt = this.#deps.now()
    const before = this.#index.files[path]
    if (before?.etag === file.etag) return void (before.usedAt = usedAt)
    const headers = HEADERS.flatMap((name) => [[name, answer.headers.get(name) ?? ''] as [string, string]])
    const body = await answer.blob()
    try {
      await this.#cache.put(path, new Response(body, { headers: headers.filter(([, value]) => value) }))
      this.#index.files[path] = { ...file, bytes: body.size, usedAt }
      await this.#deleteAll(oldestBeyond(this.#index.files, this.#index.maxBytes))
    } catch {
      // The device is full.
      await this.#deleteAll(oldestBeyond(this.#index.files, sumOf(this.#index.files) / 2))
    }
    await this.#save()
  }

  /** Somebody may not see it any more, or it is gone. */
  async forget(which: (file: KeptFile, path: string) => boolean): Promise<void> {
    const paths = Object.entries(this.#index.files).flatMap(([path, file]) => (which(file, path) ? path : []))
    if (paths.length === 0) return
    await this.#deleteAll(paths)
    await this.#save()
  }

  async limitTo(maxBytes: number): Promise<void> {
    if (maxBytes === this.#index.maxBytes) return
    this.#index.maxBytes = maxBytes
    await this.#deleteAll(oldestBeyond(this.#index.files, maxBytes))
    await this.#save()
  }

  async #deleteAll(paths: string[]): Promise<void> {
    for (const path of paths) {
      delete this.#index.files[path]
      await this.#cache.delete(path)
    }
  }

  /** Many files come at once, and the list is written once for them. */
  #save(): Promise<void> {
    return (this.#saving ??= this.#deps.after(SAVE_AFTER_MS).then(async () => {
      this.#saving = null
      await this.#cache.put(INDEX, new Response(JSON.stringify(this.#index)))
    }))
  }
}

/** Which of the files have to go so that the others take no more than this: those that nobody has looked at for the longest time. */
export function oldestBeyond(files: Readonly<Record<string, KeptFile>>, maxBytes: number): string[] {
  let bytes = sumOf(files)
  const gone: string[] = []
  for (const [path, file] of Object.entries(files).sort(([, one], [, other]) => one.usedAt - other.usedAt)) {
    if (bytes <= maxBytes) break
    bytes -= file.bytes
    gone.push(path)
  }
  return gone
}

function sumOf(files: Readonly<Record<string, KeptFile>>): number {
  return Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0)
}

async function readIndex(cache: Cache): Promise<Index> {
  const found: unknown = await cache
    .match(INDEX)
    .then((answer) => answer?.json())
    .catch(() => null)
  const index = found as Index | null | undefined
  return typeof index?.files === 'object' ? index : { maxBytes: DEFAULT_MAX_BYTES, files: {} }
}

function pathOf({ url }: Request): string {
  return new URL(url).pathname
}

/** Null for what is no whole file of a message. A player asks for all of a sound as one range. */
function describe({ status, headers }: Response): Omit<KeptFile, 'usedAt'> | null {
  const [chatId, seq] = (headers.get('x-veche-message') ?? '').split('/')
  const length = Number(headers.get('content-length') ?? NaN)
  const whole = /^bytes 0-(\d+)\/(\d+)$/.exec(headers.get('content-range') ?? '')
  const isWhole = status === 200 || (status === 206 && whole !== null && Number(whole[1]) + 1 === Number(whole[2]))
  if (!isWhole || !chatId || !seq || !(length > 0)) return null
  return { bytes: length, etag: headers.get('etag') ?? '', chatId, seq: Number(seq) }
}

/** What a player asks for: from one byte on, to another one or to the end. */
async function partOf(kept: Response, range: string): Promise<Response> {
  const body = await kept.blob()
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? []
  if (first === undefined || Number(first) >= body.size) return new Response(null, { status: 416 })
  const end = Math.min(body.size - 1, last ? Number(last) : Infinity)
  const headers = new Headers(kept.headers)
  headers.set('content-range', `bytes ${first}-${end}/${body.size}`)
  headers.set('content-length', String(end - Number(first) + 1))
  return new Response(body.slice(Number(first), end + 1), { status: 206, headers })
}
