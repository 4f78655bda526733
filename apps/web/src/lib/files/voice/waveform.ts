import { limits } from '@veche/shared/limits'

/** As many parts as `count`: each is as loud as its loudest moment. With fewer levels than parts, neighbours are equal. */
export function resample(levels: readonly number[], count: number): number[] {
  if (levels.length === 0 || count <= 0) return []
  return partsOf(levels, count, (part) => Math.max(...part))
}

/** Of the levels of a microphone: less is noise that nobody hears. */
const SILENCE = 1

/** As a message carries it, and as the server draws it: each part is as loud as it is on the whole, and the loudest is 255. */
export function encodeWaveform(levels: readonly number[]): string {
  const parts = partsOf(levels, Math.min(levels.length, limits.file.waveform), meanOf)
  const loudest = Math.max(SILENCE, ...parts)
  return btoa(String.fromCharCode(...parts.map((level) => (level < SILENCE ? 0 : Math.round((level / loudest) * 255)))))
}

function partsOf(levels: readonly number[], count: number, loudnessOf: (part: readonly number[]) => number): number[] {
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * levels.length) / count)
    const to = Math.max(from + 1, Math.floor(((index + 1) * levels.length) / count))
    return loudnessOf(levels.slice(from, to))
  })
}

function meanOf(part: readonly number[]): number {
  return Math.sqrt(part.reduce((sum, level) => sum + level * level, 0) / part.length)
}

export function decodeWaveform(waveform: string | null): number[] {
  if (!waveform) return []
  try {
    return Array.from(atob(waveform.replace(/\s/g, '')), (letter) => letter.charCodeAt(0))
  } catch {
    return []
  }
}
