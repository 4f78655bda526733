import type { CallWords } from '../call-words.ts'
import type { BlockedReason } from '../call/publish/LocalSource.svelte.ts'

/** Why a microphone or camera gives nothing, and what the user can do; `prompt`: the browser is asking for the permission. */
export function deviceProblemText(kind: 'mic' | 'cam', problem: BlockedReason | 'prompt', t: CallWords): string {
  const texts = {
    mic: { denied: t.deniedMic, missing: t.missingMic, busy: t.busyMic, system: t.systemMic, prompt: t.promptMic },
    cam: { denied: t.deniedCam, missing: t.missingCam, busy: t.busyCam, system: t.systemCam, prompt: t.promptCam },
  }
  return texts[kind][problem]
}
