import { createTRPCClient, httpBatchLink, type TRPCClient } from '@trpc/client'
import type { AppRouter } from '@veche/api/router'
import { limits } from '@veche/shared/limits'
import { createContext } from 'svelte'
import { appError } from './error.ts'

export type Api = TRPCClient<AppRouter>

export const API_URL = '/api/trpc'
/** No form can send this header, so the server knows that a script of our own origin makes the request. */
export const ORIGIN_HEADER = { 'x-veche': '1' }
const TIMEOUT_MS = 20_000
/** Without special settings nginx refuses an address of more than eight kilobytes. */
export const MAX_URL_BYTES = 7_500

export const [getApi, setApi] = createContext<Api>()

export type ApiOptions = {
  /** The person to whom this tab belongs. What is sent for them is refused when the cookie has become that of somebody else. */
  personOfTab: () => string | undefined
  /** An answer says that the session is over. */
  onSignedOut: () => void
  /** An answer says that somebody else has signed in in this browser. */
  onOtherPerson: () => void
}

/** Every call that fails rejects with an AppError. */
export function createApi({ personOfTab, onSignedOut, onOtherPerson }: ApiOptions): Api {
  const link = httpBatchLink({
    url: API_URL,
    headers: () => ({ ...ORIGIN_HEADER, 'x-veche-person': personOfTab() }),
    fetch: fetchWithTimeout,
    maxURLLength: MAX_URL_BYTES,
    maxItems: limits.batch,
  })
  const client = createTRPCClient<AppRouter>({ links: [link] })
  return onRejection(client, (thrown) => {
    const error = appError(thrown)
    if (error.code === 'auth.required') onSignedOut()
    if (error.code === 'auth.other_person') onOtherPerson()
    throw error
  }) as Api
}

const fetchWithTimeout: Fetch = (url, options) => {
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const signal = options?.signal ? AbortSignal.any([options.signal, timeout]) : timeout
  return fetch(url, { ...(options as RequestInit), credentials: 'same-origin', signal })
}

/** The same client, but `reject` handles every rejected call. */
function onRejection(target: object, reject: (thrown: unknown) => never): object {
  return new Proxy(target, {
    get: (_, key) => {
      const found: unknown = Reflect.get(target, key)
      return typeof found === 'function' || (typeof found === 'object' && found !== null)
        ? onRejection(found, reject)
        : found
    },
    apply: (call, self, input) => Promise.resolve(Reflect.apply(call as Call, self, input)).catch(reject),
  })
}

type Fetch = NonNullable<Parameters<typeof httpBatchLink>[0]['fetch']>
type Call = (...input: unknown[]) => Promise<unknown>
