import type { ContentId } from '@veche/shared/ids'
import { sessionCookie } from '../auth/session-cookie.ts'
import type { Deps } from '../deps.ts'
import type { TestUser } from './builders.ts'

/** Requests about files as this person's browser sends them to one process. */
export class FileRequests {
  readonly #base: string
  readonly #headers: Record<string, string>

  constructor(deps: Deps, base: string, who: TestUser) {
    this.#base = base
    const cookie = `${sessionCookie(deps.env).name}=${who.token}`
    this.#headers = { 'x-veche': '1', 'tus-resumable': '1.0.0', cookie }
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.#base + path, { headers: { ...this.#headers, ...headers }, redirect: 'manual' })
  }

  async begin(size: number): Promise<ContentId> {
    const headers = { ...this.#headers, 'upload-length': String(size) }
    const answer = await fetch(`${this.#base}/api/files`, { method: 'POST', headers })
    return answer.headers.get('location')!.split('/').at(-1) as ContentId
  }

  async offset(id: ContentId): Promise<number> {
    const answer = await fetch(`${this.#base}/api/files/${id}`, { method: 'HEAD', headers: this.#headers })
    return Number(answer.headers.get('upload-offset'))
  }

  /** A body that is a stream may break off. */
  piece(id: ContentId, offset: number, body: Uint8Array | ReadableStream): Promise<Response> {
    const type = { 'content-type': 'application/offset+octet-stream' }
    const headers = { ...this.#headers, ...type, 'upload-offset': String(offset) }
    const init = { method: 'PATCH', headers, body: body as Uint8Array<ArrayBuffer>, duplex: 'half' }
    return fetch(`${this.#base}/api/files/${id}`, init)
  }
}

/** Bytes whose sender goes away when the server has them: `isKept` tells. */
export function brokenBody(bytes: Uint8Array): ReadableStream {
  let sent = false
  return new ReadableStream({
    pull: (controller) => {
      if (sent) return controller.error(new Error('the sender is gone'))
      sent = true
      controller.enqueue(bytes)
    },
  })
}
