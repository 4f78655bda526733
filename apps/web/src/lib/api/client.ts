import { createTRPCClient, httpBatchLink, type TRPCClient } from '@trpc/client'
import type { AppRouter } from '@veche/api/router'
import { createContext } from 'svelte'
import { appError } from './error.ts'

export type Api = TRPCClient<AppRouter>

export const API_URL = '/api/trpc'
/** A header that no plain form can make: the server takes it as proof that a script of this origin asks. */
export const OWN_HEADER = { 'x-veche': '1' }
const PATIENCE_MS = 20_000
/** Proxies take an address of eight kilobytes as they come; what is longer is refused by nginx. */
export const URL_BYTES = 7_500

export const [getApi, setApi] = createContext<Api>()

/** Every failure comes out as an AppError; `onSignedOut` hears of each answer that says the session is over. */
export function createApi(onSignedOut: () => void): Api {
  const link = httpBatchLink({ url: API_URL, headers: OWN_HEADER, fetch: patient, maxURLLength: URL_BYTES })
  const client = createTRPCClient<AppRouter>({ links: [link] })
  return translating(client, (thrown) => {
    const error = appError(thrown)
    if (error.code === 'auth.required') onSignedOut()
    throw error
  }) as Api
}

const patient: Fetch = (url, options) => {
  const timeout = AbortSignal.timeout(PATIENCE_MS)
  const signal = options?.signal ? AbortSignal.any([options.signal, timeout]) : timeout
  return fetch(url, { ...(options as RequestInit), credentials: 'same-origin', signal })
}

/** The same client, with a hand on every rejection. */
function translating(target: object, reject: (thrown: unknown) => never): object {
  return new Proxy(target, {
    get: (_, key) => {
      const found: unknown = Reflect.get(target, key)
      return typeof found === 'function' || (typeof found === 'object' && found !== null)
        ? translating(found, reject)
        : found
    },
    apply: (call, self, input) => Promise.resolve(Reflect.apply(call as Call, self, input)).catch(reject),
  })
}

type Fetch = NonNullable<Parameters<typeof httpBatchLink>[0]['fetch']>
type Call = (...input: unknown[]) => Promise<unknown>
