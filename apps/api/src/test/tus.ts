import { request } from 'node:http'
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

  piece(id: ContentId, offset: number, body: Uint8Array): Promise<Response> {
    const init = { method: 'PATCH', headers: this.#pieceHeaders(offset), body: body as Uint8Array<ArrayBuffer> }
    return fetch(`${this.#base}/api/files/${id}`, init)
  }

  /** The sender has announced more than this, and goes away in the middle, when `isRead` says that the server has this much. */
  async brokenPiece(id: ContentId, offset: number, beginning: Uint8Array, isRead: () => Promise<void>): Promise<void> {
    const headers = { ...this.#pieceHeaders(offset), 'content-length': 2 * beginning.length }
    const sending = request(`${this.#base}/api/files/${id}`, { method: 'PATCH', headers })
    sending.on('error', () => undefined)
    sending.write(beginning)
    await isRead()
    sending.destroy()
  }

  #pieceHeaders(offset: number) {
    const type = { 'content-type': 'application/offset+octet-stream' }
    return { ...this.#headers, ...type, 'upload-offset': String(offset) }
  }
}
