import type { MediaTools } from '../tools/MediaTools.ts'
import { inputOf, type MediaSource, toDurationMs } from './probe.ts'

/** How long a video is that does not say it, as recordings of browsers do: when its last picture is shown. */
export async function readLength(tools: MediaTools, source: MediaSource): Promise<number | null> {
  const packets = ['-select_streams', 'V:0', '-show_entries', 'packet=pts_time', '-of', 'csv=print_section=0']
  let last = ''
  await tools.run('ffprobe', ['-v', 'error', ...packets, ...inputOf(source)], source.folder, {
    outputBytes: 50_000_000,
    onOutput: (bytes) => void (last = (last + bytes.toString('latin1')).slice(-100)),
  })
  const seconds = Number(last.trimEnd().split('\n').at(-1)?.replace(/,+$/, '') || Number.NaN)
  return seconds >= 0 ? toDurationMs(seconds) : null
}
