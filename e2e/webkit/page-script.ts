/** A value as BiDi writes it. Objects that stay in the page have a handle. */
export type RemoteValue = { type: string; value?: unknown; handle?: string; sharedId?: string }

export type PageRequest = {
  /** The name of the document, if it has none yet. */
  name: string
  /** The document in which the call must run. */
  document?: string | undefined
  call?: { id: number; arguments: RemoteValue[]; byHandle: boolean } | undefined
  /** How long to wait for a result. */
  waitMs: number
}

export type PageAnswer = {
  document: string
  isNew: boolean
  url: string
  state: DocumentReadyState
  results: { id: number; value?: RemoteValue; error?: string }[]
}

/** The script that WebDriver runs in a page: it calls a function there, and collects what calls have answered so far. */
export function pageScript(functionDeclaration = '() => undefined'): string {
  return `(${answerRequest.toString()})(arguments[0], arguments[1], () => (${functionDeclaration}))`
}

function answerRequest(
  request: PageRequest,
  done: (answer: string) => void,
  open: () => (...given: unknown[]) => unknown,
) {
  type Page = { name: string; objects: Map<string, unknown>; results: PageAnswer['results']; settled: () => void }
  const holder = globalThis as unknown as { vecheBridge?: Page }
  const isNew = !holder.vecheBridge
  const page = (holder.vecheBridge ??= {
    name: request.name,
    objects: new Map(),
    results: [],
    settled: () => undefined,
  })

  const keep = (value: unknown) => {
    const handle = `${page.name}-${page.objects.size}`
    page.objects.set(handle, value)
    return handle
  }
  const kindOf = (value: object) =>
    value instanceof Node
      ? 'node'
      : Array.isArray(value)
        ? 'array'
        : typeof value === 'function'
          ? 'function'
          : 'object'
  const write = (value: unknown, byHandle: boolean): RemoteValue => {
    if (value === undefined) return { type: 'undefined' }
    if (value === null) return { type: 'null' }
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
      return { type: 'number', value: Object.is(value, -0) ? '-0' : String(value) }
    if (typeof value !== 'object' && typeof value !== 'function') return { type: typeof value, value }
    const type = kindOf(value)
    if (type === 'node') {
      const handle = keep(value)
      return { type, handle, sharedId: handle }
    }
    if (byHandle) return { type, handle: keep(value) }
    if (Array.isArray(value)) return { type, value: value.map((each) => write(each, false)) }
    return { type, value: Object.entries(value).map(([name, each]) => [name, write(each, false)]) }
  }
  const read = (given: RemoteValue): unknown => {
    const handle = given.handle ?? given.sharedId
    if (handle !== undefined) return page.objects.get(handle)
    if (given.type === 'array') return (given.value as RemoteValue[]).map(read)
    if (given.type === 'object')
      return Object.fromEntries(
        (given.value as [RemoteValue | string, RemoteValue][]).map(([name, each]) => [
          typeof name === 'string' ? name : name.value,
          read(each),
        ]),
      )
    if (given.type === 'number') return Number(given.value)
    if (given.type === 'null') return null
    return given.value
  }
  const settle = (result: PageAnswer['results'][number]) => {
    page.results.push(result)
    page.settled()
  }
  const run = async ({ id, arguments: given, byHandle }: NonNullable<PageRequest['call']>) => {
    try {
      settle({ id, value: write(await open()(...given.map(read)), byHandle) })
    } catch (error) {
      settle({ id, error: error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error) })
    }
  }
  const answer = () => {
    // A result that comes later belongs to the next request.
    page.settled = () => undefined
    const { name: document } = page
    const state = globalThis.document.readyState
    const all: PageAnswer = { document, isNew, url: location.href, state, results: page.results.splice(0) }
    done(JSON.stringify(all))
  }
  if (request.call && request.document === page.name) void run(request.call)
  if (page.results.length > 0 || request.waitMs === 0) return answer()
  const timer = setTimeout(answer, request.waitMs)
  page.settled = () => {
    clearTimeout(timer)
    answer()
  }
}
