import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PreviewRefused } from '../refusals.ts'
import type { MediaTools } from '../tools/MediaTools.ts'
import { inputOf, type MediaFacts, type MediaSource } from './probe.ts'
import { scaleFilters } from './video-filters.ts'

const longestSide = 1_280
/** Many videos fade in. */
const maxSkippedSeconds = 5
const searchedSeconds = 60
/** Black is 16. */
const leastLight = 28

/** Writes a picture that stands for the video, and answers with its path: the first frame that shows something. */
export async function makePoster(tools: MediaTools, source: MediaSource, facts: MediaFacts): Promise<string> {
  const path = join(source.folder, 'poster.png')
  const scale = scaleFilters(facts.video!, longestSide)
  const isLight = `metadata=mode=select:key=lavfi.signalstats.YAVG:value=${leastLight}:function=greater`
  const start = Math.min((facts.durationMs ?? 0) / 10_000, maxSkippedSeconds)
  // Only frames that stand for themselves are decoded: a minute costs no more than a second.
  const seek = ['-skip_frame', 'nokey', '-noaccurate_seek', '-ss', start.toFixed(3), '-t', String(searchedSeconds)]
  const tries = [
    { before: seek, filters: [...scale, 'signalstats', isLight] },
    { before: ['-t', String(searchedSeconds)], filters: scale },
  ]
  for (const { before, filters } of tries) {
    const input = ['-v', 'error', '-nostdin', '-threads', '1', ...before, ...inputOf(source)]
    const frame = ['-map', '0:V:0', '-vf', filters.join(','), '-frames:v', '1']
    const output = ['-f', 'image2', '-c:v', 'png', '-y', path]
    await tools.run('ffmpeg', [...input, ...frame, ...output], source.folder)
    if (await isThere(path)) return path
  }
  throw new PreviewRefused('it shows nothing')
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null
}
