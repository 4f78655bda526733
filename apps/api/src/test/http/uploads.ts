import { request } from 'node:http'
import type { ContentId } from '@veche/shared/ids'
import type { WireError } from '@veche/shared/errors'
import { sessionCookie } from '../../auth/session-cookie.ts'
import type { Deps } from '../../deps.ts'
import type { TestUser } from '../builders.ts'

/** Requests of one person as the web app sends them when it uploads and downloads. */
export class Uploader {
  readonly base: string
  readonly headers: Record<string, string>

  constructor(base: string, deps: Deps, who: TestUser) {
    this.base = base
    const cookie = `${sessionCookie(deps.env).name}=${who.token}`
    this.headers = { 'x-veche': '1', 'tus-resumable': '1.0.0', cookie }
  }

  ask(method: string, path: string, headers: Record<string, string> = {}, body?: Uint8Array): Promise<Response> {
    const init: RequestInit = { method, headers: { ...this.headers, ...headers }, redirect: 'manual' }
    return fetch(`${this.base}${path}`, body ? { ...init, body: body as Uint8Array<ArrayBuffer> } : init)
  }

  create(size: number): Promise<Response> {
    return this.ask('POST', '/api/files', { 'upload-length': String(size) })
  }

  /** The address of a new upload. */
  async begin(size: number): Promise<string> {
    const answer = await this.create(size)
    if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`)
    return answer.headers.get('location')!
  }

  piece(path: string, offset: number, bytes: Uint8Array, headers: Record<string, string> = {}): Promise<Response> {
    return this.ask('PATCH', path, { ...pieceHeaders(offset), ...headers }, bytes)
  }

  async upload(bytes: Uint8Array): Promise<ContentId> {
    const path = await this.begin(bytes.length)
    const answer = bytes.length > 0 ? await this.piece(path, 0, bytes) : null
    if (answer && answer.status !== 204) throw new Error(`${answer.status} ${await answer.text()}`)
    return contentIdOf(path)
  }

  async offsetOf(path: string): Promise<number> {
    return Number((await this.ask('HEAD', path)).headers.get('upload-offset'))
  }

  /** A piece whose length nobody says beforehand, and whose bytes come when the caller sends them. */
  openPiece(path: string, offset: number): OpenPiece {
    return new OpenPiece(`${this.base}${path}`, { ...this.headers, ...pieceHeaders(offset) })
  }
}

export class OpenPiece {
  readonly #request
  /** The status of the answer; null when the connection broke. */
  readonly status: Promise<number | null>

  constructor(url: string, headers: Record<string, string>) {
    this.#request = request(url, { method: 'PATCH', headers: { ...headers, 'transfer-encoding': 'chunked' } })
    this.status = new Promise((resolve) => {
      this.#request.on('response', (answer) => (answer.resume(), resolve(answer.statusCode ?? null)))
      this.#request.on('error', () => resolve(null))
    })
    this.#request.flushHeaders()
  }

  send(bytes: Uint8Array): void {
    this.#request.write(bytes)
  }

  end(): void {
    this.#request.end()
  }

  /** The sender is gone in the middle. */
  breakOff(): void {
    this.#request.destroy()
  }
}

/** Of the address of an upload. */
export function contentIdOf(path: string): ContentId {
  return path.split('/').at(-1) as ContentId
}

export async function errorOf(answer: Response): Promise<WireError> {
  return (await answer.json()) as WireError
}

function pieceHeaders(offset: number) {
  return { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' }
}
