import type { FileToSend } from '#lib/live/outbox/send-files.ts'
import { isOpaque, thumbhashOf } from '../picked/picture-thumbhash.ts'

const TIMEOUT_MS = 5_000
/** Decoding one frame takes some tens of milliseconds. Where it takes longer, nobody waits for it. */
const FRAME_TIMEOUT_MS = 500
const POSTER_SECONDS = 0.1

type Size = { width: number; height: number }
type MediaShape = Pick<FileToSend, 'width' | 'height' | 'thumbhash' | 'durationMs'>

/** What the browser can tell of a video or a sound: how large and how long it is, and what it looks like. Null when it cannot play it. */
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
  const thumbhash = await thumbhashOfVideo(element, size)
  return { ...length, ...size, ...(thumbhash && { thumbhash }) }
}

/** Of the frame that the bubble shows. Undefined when this browser has not decoded it in time, or draws nothing of it. */
async function thumbhashOfVideo(video: HTMLVideoElement, size: Size): Promise<string | undefined> {
  const isThere = await new Promise<boolean>((resolve) => {
    video.onseeked = () => resolve(true)
    video.onerror = () => resolve(false)
    setTimeout(() => resolve(false), FRAME_TIMEOUT_MS)
    // Without a jump the browser may say that it has a frame, and draw none.
    video.currentTime = POSTER_SECONDS
  })
  const thumbhash = isThere ? thumbhashOf(video, size) : undefined
  return thumbhash && isOpaque(thumbhash) ? thumbhash : undefined
}
