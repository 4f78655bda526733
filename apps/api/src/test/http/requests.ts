import { createApp } from '../../app.ts'
import type { Deps } from '../../deps.ts'
import { afterFile } from '../cleanup.ts'

export type Answer = { status: number; body: unknown; headers: Headers }

/** The real HTTP server on a port of its own. */
export async function startHttp(deps: Deps): Promise<string> {
  const app = await createApp(deps)
  const address = await app.http.listen({ host: '127.0.0.1', port: 0 })
  afterFile(() => app.close())
  return address
}

export type Sending = { headers?: Record<string, string>; raw?: string; cookie?: string | undefined }

/** A mutation as the web app sends it; `headers` with an empty value are left out. */
export async function post(base: string, path: string, input: unknown, sending: Sending = {}): Promise<Answer> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'x-veche': '1',
    ...(sending.cookie ? { cookie: sending.cookie } : {}),
    ...sending.headers,
  }
  const kept = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''))
  const body = sending.raw ?? JSON.stringify(input)
  return answerOf(await fetch(`${base}/api/trpc/${path}`, { method: 'POST', headers: kept, body }))
}

export async function query(base: string, path: string, input?: unknown, cookie?: string): Promise<Answer> {
  const asked = input === undefined ? '' : `?input=${encodeURIComponent(JSON.stringify(input))}`
  return answerOf(await fetch(`${base}/api/trpc/${path}${asked}`, { headers: cookie ? { cookie } : {} }))
}

/** The cookie that came with an answer, as a browser would send it back. */
export function cookieFrom(answer: Answer): string | undefined {
  return answer.headers.getSetCookie()[0]?.split(';')[0]
}

/** The code in an answer of tRPC or of an HTTP route. */
export function codeIn({ body }: Pick<Answer, 'body'>): string | undefined {
  const error = body as { error?: { data?: { veche?: { code?: string } } }; code?: string }
  return error.error?.data?.veche?.code ?? error.code
}

export function dataIn<T>({ body }: Answer): T {
  return (body as { result: { data: T } }).result.data
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
