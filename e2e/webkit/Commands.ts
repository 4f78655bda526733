import { randomUUID } from 'node:crypto'
import { type Cookie, UserContext } from './UserContext.ts'
import type { ScriptCall, WebKitWindow } from './WebKitWindow.ts'

type Emit = (method: string, params: object) => void
type Viewport = { width: number; height: number }
type Params = ScriptCall & {
  context: string
  userContext: string
  userContexts?: string[]
  target: { context?: string; sandbox?: string }
  url: string
  expression: string
  actions: object[]
  script: string
  delta: number
  viewport?: Viewport
  cookie: Cookie
  partition?: { userContext?: string }
}
type Command = (params: Params) => unknown

/** What Playwright asks of a browser over BiDi, as far as the walks need it. What WebKitGTK cannot do is answered and left undone. */
export class Commands {
  readonly #display: string
  readonly #emit: Emit
  readonly #contexts = new Map<string, UserContext>()
  readonly #viewports = new Map<string, Viewport>()

  constructor(display: string, emit: Emit) {
    this.#display = display
    this.#emit = emit
  }

  async run(method: string, params: object): Promise<unknown> {
    return (await this.#commands[method]?.(params as Params)) ?? {}
  }

  async close(): Promise<void> {
    await Promise.all([...this.#contexts.values()].map((context) => context.close()))
    this.#contexts.clear()
  }

  readonly #commands: Record<string, Command> = {
    'session.new': () => ({ sessionId: randomUUID(), capabilities: { browserName: 'webkit', browserVersion: '2' } }),
    'network.addIntercept': () => ({ intercept: randomUUID() }),
    'network.addDataCollector': () => ({ collector: randomUUID() }),
    'browser.createUserContext': () => this.#newContext(),
    'browser.removeUserContext': ({ userContext }) => this.#removeContext(userContext),
    'browsingContext.create': ({ userContext }) => this.#newWindow(userContext),
    'browsingContext.close': ({ context }) => this.#window(context).close(),
    'browsingContext.navigate': ({ context, url }) => this.#navigate(context, url),
    'browsingContext.reload': ({ context }) => this.#reload(context),
    'browsingContext.traverseHistory': ({ context, delta }) => this.#window(context).traverse(delta),
    'browsingContext.setViewport': (params) => this.#setViewport(params),
    'browsingContext.captureScreenshot': ({ context }) => this.#screenshot(context),
    'script.evaluate': ({ expression, ...call }) =>
      this.#call({ ...call, functionDeclaration: `() => (${expression.replace(/[;\s]+$/, '')})` }),
    'script.callFunction': (call) => this.#call(call),
    'script.addPreloadScript': (params) => this.#addScript(params),
    'script.removePreloadScript': ({ script }) => {
      for (const context of this.#contexts.values()) context.removeScript(script)
    },
    'input.performActions': ({ context, actions }) => this.#perform(context, actions),
    'storage.setCookie': ({ cookie, partition }) => this.#context(partition?.userContext).setCookie(cookie),
    'storage.getCookies': () => ({ cookies: [], partitionKey: {} }),
  }

  #newContext(): object {
    const context = new UserContext(this.#emit)
    this.#contexts.set(context.id, context)
    return { userContext: context.id }
  }

  async #removeContext(id: string): Promise<void> {
    await this.#context(id).close()
    this.#contexts.delete(id)
  }

  async #newWindow(userContext: string): Promise<object> {
    const window = await this.#context(userContext).newWindow(this.#display)
    const viewport = this.#viewports.get(userContext)
    if (viewport) await resize(window, viewport)
    return { context: window.id }
  }

  async #navigate(id: string, url: string): Promise<object> {
    const window = this.#window(id)
    const context = [...this.#contexts.values()].find(({ windows }) => windows.includes(window))
    return { navigation: await context?.navigate(window, url), url }
  }

  async #reload(id: string): Promise<object> {
    const window = this.#window(id)
    return { navigation: await window.navigate(() => window.command('POST', '/refresh')), url: window.url }
  }

  async #call({ target, ...call }: Omit<Params, 'expression'>): Promise<object> {
    const window = this.#window(target.context ?? '')
    const result = await window.call(call)
    const realm = window.realm(target.sandbox !== undefined)
    if ('value' in result) return { type: 'success', result: result.value, realm }
    const stackTrace = { callFrames: [] }
    return {
      type: 'exception',
      realm,
      exceptionDetails: { text: result.error, stackTrace, lineNumber: 0, columnNumber: 0 },
    }
  }

  #addScript({ functionDeclaration, userContexts = [] }: Params): object {
    const [script] = userContexts.map((id) => this.#context(id).addScript(functionDeclaration))
    return { script: script ?? randomUUID() }
  }

  async #perform(id: string, actions: object[]): Promise<void> {
    await this.#window(id).command('POST', '/actions', { actions: actions.map(rounded).map(withOwnWheel) })
  }

  async #setViewport({ context, userContexts = [], viewport }: Params): Promise<void> {
    if (!viewport) return
    for (const id of userContexts) this.#viewports.set(id, viewport)
    if (context) await resize(this.#window(context), viewport)
  }

  async #screenshot(id: string): Promise<object> {
    return { data: await this.#window(id).command('GET', '/screenshot') }
  }

  #context(id = ''): UserContext {
    const found = this.#contexts.get(id)
    if (!found) throw new Error(`there is no user context ${id}`)
    return found
  }

  #window(id: string): WebKitWindow {
    const found = [...this.#contexts.values()].flatMap(({ windows }) => windows).find((window) => window.id === id)
    if (!found) throw new Error(`there is no browsing context ${id}`)
    return found
  }
}

/** Resizes a window until its page has this size: its frame and its bars come on top. */
async function resize(window: WebKitWindow, { width, height }: Viewport): Promise<void> {
  const sizeOf = () =>
    window.command<[number, number]>('POST', '/execute/sync', { script: 'return [innerWidth, innerHeight]', args: [] })
  await window.command('POST', '/window/rect', { x: 0, y: 0, width, height })
  const [innerWidth, innerHeight] = await sizeOf()
  const missing = { width: width + (width - innerWidth), height: height + (height - innerHeight) }
  await window.command('POST', '/window/rect', { x: 0, y: 0, ...missing })
}

/** This driver takes whole pixels only. */
function rounded(source: object): object {
  const { actions = [] } = source as { actions?: Record<string, unknown>[] }
  const whole = (value: unknown) => (typeof value === 'number' ? Math.round(value) : value)
  return {
    ...source,
    actions: actions.map((action) =>
      'x' in action ? { ...action, x: whole(action['x']), y: whole(action['y']) } : action,
    ),
  }
}

/** This driver scrolls by the difference to the turn before of the same wheel, so the same turn again moves nothing: each gets a wheel of its own. */
function withOwnWheel(source: object): object {
  return 'type' in source && source.type === 'wheel' ? { ...source, id: randomUUID() } : source
}
