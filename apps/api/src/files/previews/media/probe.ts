import { z } from 'zod'
import { PreviewRefused } from '../refusals.ts'
import type { MediaTools } from '../tools/MediaTools.ts'
import { decoders, type VideoStream } from './formats.ts'

/** A file that ffmpeg reads, and as what. */
export type MediaSource = { path: string; demuxer: string; folder: string }

export type MediaFacts = {
  /** As the file says it, which recordings of browsers do not. */
  durationMs: number | null
  /** Upright, in pixels that are square. */
  video: (VideoStream & { width: number; height: number; isHdr: boolean }) | null
  audio: { codec: string; channels: number } | null
}

const maxPixels = 40_000_000

/** Whatever the file names, nothing but itself is read. */
export function inputOf({ path, demuxer }: MediaSource): string[] {
  const format = ['-protocol_whitelist', 'file,pipe', '-format_whitelist', demuxer, '-f', demuxer]
  return [...format, '-codec_whitelist', decoders, '-i', `file:${path}`]
}

const seconds = z.coerce.number().positive().optional().catch(undefined)
const sideData = z.object({ rotation: z.number().optional().catch(undefined) })
const stream = z.object({
  codec_type: z.string().optional(),
  codec_name: z.string().default(''),
  pix_fmt: z.string().default(''),
  channels: z.number().default(2),
  width: z.number().default(0),
  height: z.number().default(0),
  sample_aspect_ratio: z.string().default('1:1'),
  color_transfer: z.string().default(''),
  duration: seconds,
  disposition: z.object({ attached_pic: z.number().default(0) }).default({ attached_pic: 0 }),
  side_data_list: z.array(sideData).default([]),
})
const probed = z.object({ streams: z.array(stream).default([]), format: z.object({ duration: seconds }).default({}) })
type Stream = z.infer<typeof stream>

const asked = [
  'format=duration',
  'stream=codec_type,codec_name,pix_fmt,channels,width,height,sample_aspect_ratio,color_transfer,duration',
  'stream_disposition=attached_pic',
  'stream_side_data=rotation',
].join(':')

export async function probeMedia(tools: MediaTools, source: MediaSource): Promise<MediaFacts> {
  const args = ['-v', 'error', '-hide_banner', '-threads', '1', '-of', 'json', '-show_entries', asked]
  const printed = await tools.run('ffprobe', [...args, ...inputOf(source)], source.folder)
  const { streams, format } = probed.parse(JSON.parse(printed.toString()))
  const video = streams.find((one) => one.codec_type === 'video' && one.disposition.attached_pic === 0)
  const audio = streams.find((one) => one.codec_type === 'audio')
  if (!video && !audio) throw new PreviewRefused('it has neither sound nor video')
  const duration = format.duration ?? video?.duration ?? audio?.duration
  return {
    durationMs: duration === undefined ? null : toDurationMs(duration),
    video: video ? toVideo(video) : null,
    audio: audio ? { codec: audio.codec_name, channels: audio.channels } : null,
  }
}

/** What the column holds. */
export function toDurationMs(inSeconds: number): number {
  return Math.min(Math.round(inSeconds * 1_000), 2 ** 31 - 1)
}

function toVideo(found: Stream): MediaFacts['video'] {
  const { codec_name: codec, pix_fmt: pixelFormat, width, height } = found
  if (width <= 0 || height <= 0) throw new PreviewRefused('its pictures have no size')
  if (width * height > maxPixels) throw new PreviewRefused('its pictures are too large')
  const [across = 1, down = 1] = found.sample_aspect_ratio.split(':').map(Number)
  const ratio = across > 0 && down > 0 ? Math.min(Math.max(across / down, 0.1), 10) : 1
  const size = { width: Math.round(width * ratio), height }
  const rotation = found.side_data_list.find((data) => data.rotation !== undefined)?.rotation ?? 0
  const isTurned = Math.abs(Math.round(rotation / 90)) % 2 === 1
  const upright = isTurned ? { width: size.height, height: size.width } : size
  return { codec, pixelFormat, ...upright, isHdr: ['smpte2084', 'arib-std-b67'].includes(found.color_transfer) }
}
