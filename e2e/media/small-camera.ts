import type { BrowserContext } from 'playwright-core'

/** The camera of a browser is as small as two cores bear, unless a test asks for a size by number: the app asks for wishes only. */
export async function smallCamera(context: BrowserContext): Promise<void> {
  await context.addInitScript(shrink, { width: 160, height: 90, frameRate: 5 })
}

function shrink(camera: { width: number; height: number; frameRate: number }): void {
  const { mediaDevices } = navigator
  if (!mediaDevices) return
  const open = mediaDevices.getUserMedia.bind(mediaDevices)
  mediaDevices.getUserMedia = (wanted) => {
    const video = wanted?.video
    if (typeof video !== 'object' || typeof video.width === 'number') return open(wanted)
    return open({ ...wanted, video: { ...video, ...camera } })
  }
}
