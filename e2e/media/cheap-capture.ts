import type { BrowserContext } from 'playwright-core'

/**
 * A camera and a microphone cost as little as two cores bear. The picture is small, unless a test asks for a size by number: the app
 * asks for wishes only. The sound is mono and not processed: the tone of a fake microphone has neither echo nor noise.
 */
export async function makeCaptureCheap(context: BrowserContext): Promise<void> {
  await context.addInitScript(replaceWishes, {
    picture: { width: 160, height: 90, frameRate: 5 },
    sound: { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 },
  })
}

type Wishes = { picture: { width: number; height: number; frameRate: number }; sound: MediaTrackConstraints }

function replaceWishes({ picture, sound }: Wishes): void {
  const { mediaDevices } = navigator
  if (!mediaDevices) return
  const open = mediaDevices.getUserMedia.bind(mediaDevices)
  mediaDevices.getUserMedia = (wanted) => {
    const cheap = { ...wanted }
    const { audio, video } = cheap
    if (typeof audio === 'object') cheap.audio = { ...audio, ...sound }
    if (typeof video === 'object' && typeof video.width !== 'number') cheap.video = { ...video, ...picture }
    return open(cheap)
  }
}
