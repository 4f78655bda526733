import { readStored, writeStored } from '#lib/browser/storage.ts'
import type { KeptFilesCommand, KeptFilesMessage, KeptFilesUse } from './commands.ts'

/** A choice of the device: it outlives a sign-out. */
const STORAGE_KEY = 'veche.keptFiles'
export const keptFilesBounds = ['0', '50', '200', '1000'] as const
export type KeptFilesBound = (typeof keptFilesBounds)[number]
const TIMEOUT_MS = 3_000

/** In megabytes. */
export function readKeptFilesBound(): KeptFilesBound {
  const stored = readStored(STORAGE_KEY)
  return keptFilesBounds.find((each) => each === stored) ?? '200'
}

export async function chooseKeptFilesBound(bound: KeptFilesBound): Promise<KeptFilesUse | null> {
  writeStored(STORAGE_KEY, bound)
  return await tellKeptFilesBound()
}

export function tellKeptFilesBound(): Promise<KeptFilesUse | null> {
  return commandKeptFiles({ act: 'limit', maxBytes: Number(readKeptFilesBound()) * 1_000_000 })
}

/** Null when there is no service worker, or it does not answer. */
export async function commandKeptFiles(command: KeptFilesCommand): Promise<KeptFilesUse | null> {
  const worker = globalThis.navigator.serviceWorker?.controller
  if (!worker) return null
  const { port1, port2 } = new MessageChannel()
  const answer = new Promise<KeptFilesUse | null>((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<KeptFilesUse | null>) => resolve(data)
    setTimeout(() => resolve(null), TIMEOUT_MS)
  })
  worker.postMessage({ type: 'KEPT_FILES', command } satisfies KeptFilesMessage, [port2])
  return await answer.finally(() => port1.close())
}
