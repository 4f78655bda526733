import { join } from 'node:path'
import { PreviewRefused } from '../refusals.ts'
import type { MediaTools } from '../tools/MediaTools.ts'
import { isPlainVideo } from './formats.ts'
import { inputOf, type MediaFacts, type MediaSource } from './probe.ts'
import { scaleFilters } from './video-filters.ts'

const longestSide = 1_280
/** What is longer would take the worker for long: it is there to be downloaded. */
export const maxRenditionMs = 3_600_000

export type RenditionLimits = { timeMs: number; fileBytes: number; signal?: AbortSignal }

/**
 * A rendition counts for nobody's quota, so it may not be many times as large as what was uploaded: a small file can name the same bytes a
 * thousand times. Old codecs of speech take a tenth of what is written here.
 */
export function maxRenditionBytes(size: number, { video }: MediaFacts): number {
  return video ? 4 * size + 2_000_000 : 16 * size + 1_000_000
}

/** Writes a version that every browser plays, and answers with its path. What can be kept as it is, is copied. */
export async function makeRendition(
  tools: MediaTools,
  source: MediaSource,
  facts: MediaFacts,
  limits: RenditionLimits,
): Promise<string> {
  if ((facts.durationMs ?? 0) > maxRenditionMs) throw new PreviewRefused('it is too long')
  const path = join(source.folder, 'rendition.mp4')
  const input = ['-v', 'error', '-nostdin', '-threads', '1', ...inputOf(source)]
  const streams = [...(facts.video ? videoArgs(facts.video) : []), ...(facts.audio ? audioArgs(facts.audio) : [])]
  const plain = ['-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1', '-t', String(maxRenditionMs / 1_000)]
  const output = ['-threads', '1', '-movflags', '+faststart', '-f', 'mp4', '-y', path]
  await tools.run('ffmpeg', [...input, ...streams, ...plain, ...output], source.folder, limits)
  return path
}

/** In a picture of the largest size this is about two megabits a second, and less where little moves. */
function videoArgs(video: NonNullable<MediaFacts['video']>): string[] {
  const map = ['-map', '0:V:0']
  if (video.codec === 'h264' && isPlainVideo(video)) return [...map, '-c:v', 'copy']
  const quality = ['-preset', 'veryfast', '-crf', '26', '-maxrate', '2500k', '-bufsize', '5000k']
  const filters = scaleFilters(video, longestSide)
  return [...map, '-vf', filters.join(','), '-c:v', 'libx264', '-profile:v', 'high', ...quality, '-fpsmax', '30']
}

/** The fast coder costs half, and nobody hears it at these rates. */
function audioArgs({ codec, channels }: NonNullable<MediaFacts['audio']>): string[] {
  const map = ['-map', '0:a:0']
  if (codec === 'aac') return [...map, '-c:a', 'copy']
  const plain = channels === 1 ? ['-ac', '1', '-b:a', '64k'] : ['-ac', '2', '-b:a', '128k']
  return [...map, '-c:a', 'aac', '-aac_coder', 'fast', ...plain]
}
