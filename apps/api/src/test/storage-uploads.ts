import { type ContentId, newId } from '@veche/shared/ids'
import type { Deps } from '../deps.ts'
import type { FileStorage } from '../files/storage/FileStorage.ts'
import { UploadProgress } from '../files/uploads/UploadProgress.ts'
import { newUser, type TestUser } from './builders.ts'

/** Uploads of one person as a storage sees them, without the requests that bring them. */
export class StorageUploads {
  readonly #deps: Deps
  readonly #owner: TestUser

  static async of(deps: Deps): Promise<StorageUploads> {
    return new StorageUploads(deps, await newUser(deps))
  }

  private constructor(deps: Deps, owner: TestUser) {
    this.#deps = deps
    this.#owner = owner
  }

  async begin(storage: FileStorage, size: number): Promise<ContentId> {
    const id = newId<ContentId>()
    await this.#deps.db.insertInto('contents').values({ id, owner_id: this.#owner.userId, size }).execute()
    await storage.create(id)
    return id
  }

  async progress(id: ContentId): Promise<UploadProgress> {
    return (await UploadProgress.find(this.#deps, id, this.#owner.userId))!
  }

  async write(storage: FileStorage, id: ContentId, bytes: Buffer): Promise<number> {
    return await storage.write(await this.progress(id), piecesOf(bytes))
  }

  async finish(storage: FileStorage, id: ContentId): Promise<void> {
    await storage.finish(await this.progress(id))
  }

  /** All of it at once. */
  async keep(storage: FileStorage, bytes: Buffer): Promise<ContentId> {
    const id = await this.begin(storage, bytes.length)
    await this.write(storage, id, bytes)
    await this.finish(storage, id)
    return id
  }
}

export async function* piecesOf(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}
