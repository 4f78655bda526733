import type { Playback } from './Playback.svelte.ts'

const SKIP_MS = 10_000

/** The keys of a headset and the lock screen play what this tab plays. Returns a function that ends it. */
export function followMediaSession(playback: Playback): () => void {
  // Not every browser has it, and none has all actions.
  const session: MediaSession | undefined = navigator.mediaSession
  if (!session) return () => undefined
  const skip = (ms: number) => {
    if (playback.track) playback.seek(playback.track.key, playback.positionMs + ms)
  }
  const actions: Partial<Record<MediaSessionAction, MediaSessionActionHandler>> = {
    play: () => void (playback.track && playback.play(playback.track)),
    pause: () => playback.pause(),
    stop: () => playback.close(),
    seekbackward: ({ seekOffset }) => skip(-(seekOffset ?? SKIP_MS / 1000) * 1000),
    seekforward: ({ seekOffset }) => skip((seekOffset ?? SKIP_MS / 1000) * 1000),
    seekto: ({ seekTime }) => {
      if (playback.track && seekTime !== undefined) playback.seek(playback.track.key, seekTime * 1000)
    },
  }
  const set = (action: MediaSessionAction, handler: MediaSessionActionHandler | null) => {
    try {
      session.setActionHandler(action, handler)
    } catch {
      // This browser has no such action.
    }
  }
  for (const [action, handler] of Object.entries(actions)) set(action as MediaSessionAction, handler)
  return () => {
    for (const action of Object.keys(actions)) set(action as MediaSessionAction, null)
    session.metadata = null
    session.playbackState = 'none'
  }
}
