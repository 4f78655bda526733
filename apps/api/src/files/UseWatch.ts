import { limits } from '@veche/shared/limits'
import type { Deps } from '../deps.ts'
import { isNearLimit, maxBytesOfAll, readDiskSpace, readTotalUse, reservedBytes } from './use.ts'

type Near = 'storage' | 'disk'

/** Tells operators in time that files fill the room that they have: in the metrics, and in the log when it begins. */
export class UseWatch {
  readonly #deps: Deps
  readonly #warned = new Set<Near>()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  async look(): Promise<void> {
    const { metrics } = this.#deps
    const [space, { files, bytes }] = await Promise.all([readDiskSpace(this.#deps), readTotalUse(this.#deps)])
    metrics.files.set(files)
    metrics.filesBytes.set(bytes)
    const max = maxBytesOfAll(this.#deps, space)
    if (max !== null) metrics.filesMaxBytes.set(max)
    this.#warn('storage', { used: bytes, max: max ?? Infinity })
    if (!space) return
    metrics.filesDiskFreeBytes.set(space.free)
    this.#warn('disk', { used: space.total - space.free, max: space.total - reservedBytes(this.#deps, space) })
  }

  /** Once, until it is over. */
  #warn(near: Near, bytes: { used: number; max: number }): void {
    if (!isNearLimit(bytes, limits.file.warnFrom)) return void this.#warned.delete(near)
    if (this.#warned.has(near)) return
    this.#warned.add(near)
    this.#deps.log.warn(bytes, sentences[near])
  }
}

const sentences: Record<Near, string> = {
  storage: 'files take more than 80 % of what all of them may take',
  disk: 'the disk of the files is filled to more than 80 % of what may be used of it',
}
