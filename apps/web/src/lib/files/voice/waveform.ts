import { limits } from '@veche/shared/limits'

/** As many parts as `count`: each is as loud as its loudest moment. With fewer levels than parts, neighbours are equal. */
export function resample(levels: readonly number[], count: number): number[] {
  if (levels.length === 0 || count <= 0) return []
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * levels.length) / count)
    const to = Math.max(from + 1, Math.floor(((index + 1) * levels.length) / count))
    let loudest = 0
    for (let at = from; at < to; at++) loudest = Math.max(loudest, levels[at] ?? 0)
    return loudest
  })
}

/** As a message carries it. The loudest moment of a quiet voice is as high as that of a loud one; silence stays low. */
export function encodeWaveform(levels: readonly number[]): string {
  const parts = resample(levels, Math.min(levels.length, limits.file.waveform))
  const loudest = Math.max(48, ...parts)
  return btoa(String.fromCharCode(...parts.map((level) => Math.round((level / loudest) * 255))))
}

export function decodeWaveform(waveform: string | null): number[] {
  if (!waveform) return []
  try {
    return Array.from(atob(waveform.replace(/\s/g, '')), (letter) => letter.charCodeAt(0))
  } catch {
    return []
  }
}
