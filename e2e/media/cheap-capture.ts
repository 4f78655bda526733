import type { BrowserContext } from 'playwright-core'

/** A camera costs as little as two cores bear: its picture is small, unless a test asks for a size by number. The app has wishes only. */
export async function makeCaptureCheap(context: BrowserContext): Promise<void> {
  await context.addInitScript(replaceWishes, { width: 160, height: 90, frameRate: 5 })
}

function replaceWishes(picture: { width: number; height: number; frameRate: number }): void {
  const { mediaDevices } = navigator
  if (!mediaDevices) return
  const open = mediaDevices.getUserMedia.bind(mediaDevices)
  mediaDevices.getUserMedia = (wanted) => {
    const video = wanted?.video
    if (typeof video !== 'object' || typeof video.width === 'number') return open(wanted)
    return open({ ...wanted, video: { ...video, ...picture } })
  }
}
