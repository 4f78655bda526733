const DEPTH_KEY = 'veche:layers'
/** A browser that has not gone back in this time will not do it. */
export const TRAVERSAL_TIMEOUT_MS = 2_000

/** How many open layers an entry of the browser's history stands for. */
export function layerDepth(entry: Pick<History, 'state'>): number {
  const state = entry.state as { [DEPTH_KEY]?: number } | null
  return state?.[DEPTH_KEY] ?? 0
}

/** The state of an entry that stands for `depth` layers over the page of this entry. */
export function stateWithLayers({ state }: Pick<History, 'state'>, depth: number): object {
  return { ...(state as object | null), [DEPTH_KEY]: depth }
}

/**
 * After a reload the entries of layers are still there, and the layers are not. Goes back to the entry of the page before Kit begins,
 * which would replace the state of the entry it finds.
 */
export async function leaveLayerEntries(): Promise<void> {
  const depth = layerDepth(history)
  if (depth === 0) return
  const isThere = new Promise<void>((resolve) => {
    addEventListener('popstate', () => resolve(), { once: true })
    setTimeout(resolve, TRAVERSAL_TIMEOUT_MS)
  })
  history.go(-depth)
  await isThere
}
