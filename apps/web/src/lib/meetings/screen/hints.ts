import { AppError } from '#lib/api/error.ts'
import { sentence } from '#lib/api/sentence.ts'
import type { Catalogue, Locale } from '#lib/i18n/catalogue.ts'
import type { Call } from '../call/Call.svelte.ts'
import type { BlockedReason, LocalSource } from '../call/publish/LocalSource.svelte.ts'
import type { DeviceKind, DeviceNotice } from '../devices/MediaDevicesState.svelte.ts'
import { callWords } from './catalogue.ts'

type Words = (typeof callWords)['en']
/** One thing that somebody in a call should know about their own sound or picture, and what to do about it. */
export type Hint = { key: string; text: string; act?: { label: string; run: () => void }; dismiss?: () => void }

/** The most important one first; two at once would be read by nobody. */
export function hintsFor(call: Call, locale: Locale): Hint[] {
  const t = (callWords as Catalogue<Words>)[locale]
  const own = [ownHint('mic', call, t), ownHint('cam', call, t)]
  const all = [soundHint(call, t), refusalHint(call, t, locale), ...own, mutedHint(call, t), news(call, t)]
  return all.filter((hint) => hint !== null)
}

function soundHint(call: Call, t: Words): Hint | null {
  if (!call.soundBlocked) return null
  return { key: 'sound', text: t.soundBlocked, act: { label: t.unblock, run: () => call.unblockSound() } }
}

/** The media node took it not, or no longer. */
function refusalHint(call: Call, t: Words, locale: Locale): Hint | null {
  const { refusal } = call.localMedia
  if (!refusal) return null
  const said = { mic: t.micIsOff, cam: t.camIsOff, screen: t.sharesNot }[refusal.source]
  const text = `${said}. ${sentence(new AppError(refusal.code), locale)}`
  return { key: 'refusal', text, dismiss: () => (call.localMedia.refusal = null) }
}

function ownHint(kind: 'mic' | 'cam', call: Call, t: Words): Hint | null {
  const own: LocalSource = call.localMedia[kind]
  if (own.wanted && own.blocked) {
    const text = blockedText(kind, own.blocked, t)
    // Also what comes back by itself: browsers call a camera that hangs held by the system, and that one does not.
    return { key: `${kind} ${own.blocked}`, text, act: { label: t.tryAgain, run: () => void call.repair(kind) } }
  }
  if (!own.on || !own.stalled) return null
  const label = kind === 'mic' ? t.restartMic : t.restartCam
  return {
    key: `${kind} silent`,
    text: kind === 'mic' ? t.silentMic : t.frozenCam,
    act: { label, run: () => void call.repair(kind) },
  }
}

export function blockedText(kind: 'mic' | 'cam', why: BlockedReason | 'prompt', t: Words): string {
  const texts = {
    mic: { denied: t.deniedMic, missing: t.missingMic, busy: t.busyMic, system: t.systemMic, prompt: t.promptMic },
    cam: { denied: t.deniedCam, missing: t.missingCam, busy: t.busyCam, system: t.systemCam, prompt: t.promptCam },
  }
  return texts[kind][why]
}

function mutedHint(call: Call, t: Words): Hint | null {
  const { localMedia } = call
  if (!localMedia.speakingWhileMuted || localMedia.mic.on) return null
  const act = { label: t.turnOn, run: () => localMedia.toggle('mic') }
  const text = matchMedia('(pointer: coarse)').matches ? t.mutedSpeaking : `${t.mutedSpeaking} ${t.holdSpace}`
  return { key: 'muted', text, act }
}

function news(call: Call, t: Words): Hint | null {
  const { notice } = call.devices
  if (!notice) return null
  return { key: 'device', text: noticeText(notice, t), dismiss: () => call.devices.dismissNotice() }
}

export function noticeText({ kind, what, label, usingNow }: DeviceNotice, t: Words): string {
  const texts: Record<DeviceKind, Record<DeviceNotice['what'], (label: string) => string>> = {
    mic: { gone: t.goneMic, back: t.backMic },
    cam: { gone: t.goneCam, back: t.backCam },
    out: { gone: t.goneOut, back: t.backOut },
  }
  const said = texts[kind][what](label)
  return usingNow ? `${said} ${t.usingNow(usingNow)}` : said
}
