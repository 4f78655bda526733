import { AppError } from '#lib/api/error.ts'
import { describeError } from '#lib/api/error-description.ts'
import type { Locale } from '#lib/i18n/languages.ts'
import { wordsIn } from '#lib/i18n/words.ts'
import { type CallWords, callWords } from '../call-words.ts'
import type { Call } from '../call/Call.svelte.ts'
import type { LocalSource } from '../call/publish/LocalSource.svelte.ts'
import type { DeviceKind, DeviceNotice } from '../devices/MediaDevicesState.svelte.ts'
import { deviceProblemText } from '../prejoin/device-problem.ts'

/** Tells of one problem with the user's own sound or picture, and what to do about it. */
export type Notice = { key: string; text: string; act?: { label: string; run: () => void }; dismiss?: () => void }

/** The most important one first, as the screen shows one at a time. */
export function noticesFor(call: Call, locale: Locale): Notice[] {
  const t = wordsIn(locale, callWords)
  const devices = [inputNotice('mic', call, t), inputNotice('cam', call, t)]
  const notices = [
    soundNotice(call, t),
    refusalNotice(call, t, locale),
    ...devices,
    mutedNotice(call, t),
    deviceChangeNotice(call, t),
  ]
  return notices.filter((notice) => notice !== null)
}

function soundNotice(call: Call, t: CallWords): Notice | null {
  if (!call.soundBlocked) return null
  return { key: 'sound', text: t.soundBlocked, act: { label: t.unblock, run: () => call.unblockSound() } }
}

/** The media node refused a publication, or stopped it. */
function refusalNotice(call: Call, t: CallWords, locale: Locale): Notice | null {
  const { refusal } = call.localMedia
  if (!refusal) return null
  const what = { mic: t.micIsOff, cam: t.camIsOff, screen: t.sharesNot }[refusal.source]
  const text = `${what}. ${describeError(new AppError(refusal.code), locale)}`
  return { key: 'refusal', text, dismiss: () => (call.localMedia.refusal = null) }
}

function inputNotice(kind: 'mic' | 'cam', call: Call, t: CallWords): Notice | null {
  const source: LocalSource = call.localMedia[kind]
  if (source.wanted && source.blocked) {
    const text = deviceProblemText(kind, source.blocked, t)
    // A device that the system holds gets the same button: browsers report a hung camera in this way, and it does not recover by itself.
    return { key: `${kind} ${source.blocked}`, text, act: { label: t.tryAgain, run: () => void call.repair(kind) } }
  }
  if (!source.on || !source.stalled) return null
  const label = kind === 'mic' ? t.restartMic : t.restartCam
  return {
    key: `${kind} silent`,
    text: kind === 'mic' ? t.silentMic : t.frozenCam,
    act: { label, run: () => void call.repair(kind) },
  }
}

function mutedNotice(call: Call, t: CallWords): Notice | null {
  const { localMedia } = call
  if (!localMedia.speakingWhileMuted || localMedia.mic.wanted) return null
  const act = { label: t.turnOn, run: () => localMedia.toggle('mic') }
  const text = matchMedia('(pointer: coarse)').matches ? t.mutedSpeaking : `${t.mutedSpeaking} ${t.holdSpace}`
  return { key: 'muted', text, act }
}

function deviceChangeNotice(call: Call, t: CallWords): Notice | null {
  const { notice } = call.devices
  if (!notice) return null
  return { key: 'device', text: noticeText(notice, t), dismiss: () => call.devices.dismissNotice() }
}

function noticeText({ kind, what, label, usingNow }: DeviceNotice, t: CallWords): string {
  const texts: Record<DeviceKind, Record<DeviceNotice['what'], CallWords['goneMic']>> = {
    mic: { gone: t.goneMic, back: t.backMic },
    cam: { gone: t.goneCam, back: t.backCam },
    out: { gone: t.goneOut, back: t.backOut },
  }
  const text = texts[kind][what]({ label })
  return usingNow ? `${text} ${t.usingNow({ label: usingNow })}` : text
}
