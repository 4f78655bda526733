import type { FileToSend } from '#lib/live/outbox/send-files.ts'
import { thumbhashOf } from '../picked/picture-thumbhash.ts'

const TIMEOUT_MS = 5_000
/** Most browsers decode the first frame with what they read of the video; phones do not, and nobody waits for them. */
const FRAME_TIMEOUT_MS = 300

type MediaShape = Pick<FileToSend, 'width' | 'height' | 'thumbhash' | 'durationMs'>

/** What the browser can tell of a video or a sound: how large and how long it is, and how it begins. Null when it cannot play it. */
export async function mediaShape(file: Blob): Promise<MediaShape | null> {
  const kind = /^(video|audio)\//.exec(file.type)?.[1]
  if (!kind) return null
  const element = document.createElement(kind as 'video' | 'audio')
  const url = URL.createObjectURL(file)
  try {
    await new Promise((resolve, reject) => {
      element.onloadedmetadata = resolve
      element.onerror = reject
      setTimeout(reject, TIMEOUT_MS)
      element.preload = 'metadata'
      element.src = url
    })
    return await shapeOf(element)
  } catch {
    return null
  } finally {
    element.removeAttribute('src')
    URL.revokeObjectURL(url)
  }
}

async function shapeOf(element: HTMLVideoElement | HTMLAudioElement): Promise<MediaShape> {
  const durationMs = Math.round(element.duration * 1000)
  const length = Number.isFinite(durationMs) ? { durationMs } : {}
  if (!(element instanceof HTMLVideoElement) || !element.videoWidth) return length
  const size = { width: element.videoWidth, height: element.videoHeight }
  const thumbhash = (await hasFrame(element)) && thumbhashOf(element, size)
  return { ...length, ...size, ...(thumbhash && { thumbhash }) }
}

async function hasFrame(video: HTMLVideoElement): Promise<boolean> {
  const isThere = () => video.readyState >= video.HAVE_CURRENT_DATA
  if (!isThere())
    await new Promise((resolve) => {
      video.onloadeddata = resolve
      setTimeout(resolve, FRAME_TIMEOUT_MS)
    })
  return isThere()
}
