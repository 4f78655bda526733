import { beginSound } from '#lib/browser/sound-turns.ts'
import { openMicrophone } from './Microphone.ts'
import type { RecordingEnvironment } from './VoiceRecording.svelte.ts'

/** What a recording needs of the browser. `lock` is held while it goes on; `owner` is who makes others pause. */
export function browserRecording(lock: string, owner: unknown): RecordingEnvironment {
  return {
    openMicrophone,
    now: () => performance.now(),
    every: (ms, run) => {
      const timer = setInterval(run, ms)
      return () => clearInterval(timer)
    },
    hold: () => {
      const ended = new AbortController()
      keepScreenOn(ended.signal)
      holdLock(lock, ended.signal)
      return () => ended.abort()
    },
    silenceOthers: () => beginSound(owner),
  }
}

/** False while another tab records for this chat: what it has stored so far is no draft yet. */
export async function isLockFree(lock: string): Promise<boolean> {
  if (!('locks' in navigator)) return true
  return await navigator.locks.request(lock, { ifAvailable: true }, (held) => held !== null)
}

function holdLock(lock: string, signal: AbortSignal): void {
  if (!('locks' in navigator)) return
  const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  // Another tab that records for the same chat has it already: then both record.
  void navigator.locks.request(lock, { ifAvailable: true }, () => ended).catch(() => undefined)
}

/** A phone that sleeps takes the microphone away. The system ends this whenever the page is hidden, and may refuse it. */
function keepScreenOn(signal: AbortSignal): void {
  let held: WakeLockSentinel | null = null
  const request = async () => {
    if (!('wakeLock' in navigator) || document.visibilityState !== 'visible') return
    held = await navigator.wakeLock.request('screen').catch(() => null)
    if (signal.aborted) await held?.release()
  }
  document.addEventListener('visibilitychange', () => void request(), { signal })
  signal.addEventListener('abort', () => void held?.release().catch(() => undefined))
  void request()
}
