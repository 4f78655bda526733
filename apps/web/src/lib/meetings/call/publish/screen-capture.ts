/** What the user chose to share: a screen or a window, perhaps with its sound. `stream` is its picture. */
export type ScreenCapture = { video: MediaStreamTrack; audio: MediaStreamTrack | null; stream: MediaStream }

type CaptureOptions = DisplayMediaStreamOptions & {
  systemAudio: 'include'
  surfaceSwitching: 'include'
  selfBrowserSurface: 'exclude'
}

/** Lets the user choose what to share. Null when the user cancels or the system does not allow it. */
export async function captureScreen(): Promise<ScreenCapture | null> {
  const options: CaptureOptions = {
    video: { frameRate: { ideal: 15, max: 30 } },
    // Processing made for voices would spoil music and films.
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    systemAudio: 'include',
    surfaceSwitching: 'include',
    selfBrowserSurface: 'exclude',
  }
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia(options)
    const [video] = stream.getVideoTracks()
    if (!video) return null
    // When bandwidth is short, the browser lowers the frame rate instead of making text unreadable.
    video.contentHint = 'detail'
    return { video, audio: stream.getAudioTracks()[0] ?? null, stream: new MediaStream([video]) }
  } catch {
    return null
  }
}

export function stopScreenCapture(capture: ScreenCapture | null): void {
  for (const track of [capture?.video, capture?.audio]) {
    if (!track) continue
    track.onended = null
    track.stop()
  }
}
