/** What of this machine is shown to the others. */
export type Shared = { picture: MediaStreamTrack; sound: MediaStreamTrack | null; stream: MediaStream }

type Wanted = DisplayMediaStreamOptions & {
  systemAudio: 'include'
  surfaceSwitching: 'include'
  selfBrowserSurface: 'exclude'
}

/** Asks what to show. Null when the person changes their mind, or the system does not allow it. */
export async function pickScreen(): Promise<Shared | null> {
  const wanted: Wanted = {
    video: { frameRate: { ideal: 15, max: 30 } },
    // Music and films as they are: what is made for voices would spoil them.
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    systemAudio: 'include',
    surfaceSwitching: 'include',
    selfBrowserSurface: 'exclude',
  }
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia(wanted)
    const [picture] = stream.getVideoTracks()
    if (!picture) return null
    // Text must be readable; movement may stutter.
    picture.contentHint = 'detail'
    return { picture, sound: stream.getAudioTracks()[0] ?? null, stream: new MediaStream([picture]) }
  } catch {
    return null
  }
}

export function stopScreen(shared: Shared | null): void {
  for (const track of [shared?.picture, shared?.sound]) {
    if (!track) continue
    track.onended = null
    track.stop()
  }
}
