const TIMEOUT_MS = 5_000

/** What the browser can tell of a video or a sound: how large and how long it is. Null when it cannot play it. */
export async function mediaShape(file: Blob): Promise<{ width?: number; height?: number; durationMs?: number } | null> {
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
    return shapeOf(element)
  } catch {
    return null
  } finally {
    element.removeAttribute('src')
    URL.revokeObjectURL(url)
  }
}

function shapeOf(element: HTMLVideoElement | HTMLAudioElement) {
  const durationMs = Math.round(element.duration * 1000)
  const length = Number.isFinite(durationMs) ? { durationMs } : {}
  if (!(element instanceof HTMLVideoElement) || !element.videoWidth) return length
  return { ...length, width: element.videoWidth, height: element.videoHeight }
}
