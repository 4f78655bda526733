import { PreviewRefused } from '../refusals.ts'

/** What is read of each type, by the name that ffmpeg has for it. It reads nothing else: no playlist, and no list of other files. */
const demuxers: Record<string, string> = {
  'video/mp4': 'mov',
  'video/quicktime': 'mov',
  'video/x-m4v': 'mov',
  'video/3gpp': 'mov',
  'video/3gpp2': 'mov',
  'video/webm': 'matroska',
  'video/matroska': 'matroska',
  'video/vnd.avi': 'avi',
  'video/x-ms-asf': 'asf',
  'video/x-flv': 'flv',
  'video/mp2t': 'mpegts',
  'video/mpeg': 'mpegvideo',
  'video/MP1S': 'mpeg',
  'video/MP2P': 'mpeg',
  'video/ogg': 'ogg',
  'audio/mp4': 'mov',
  'audio/x-m4a': 'mov',
  'audio/x-ms-asf': 'asf',
  'audio/ogg': 'ogg',
  'audio/wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/flac': 'flac',
  'audio/aac': 'aac',
  'audio/amr': 'amr',
  'audio/aiff': 'aiff',
  'audio/x-caf': 'caf',
  'audio/ape': 'ape',
  'audio/wavpack': 'wv',
  'audio/vnd.dolby.dd-raw': 'ac3',
}

export function demuxerOf(mime: string): string | undefined {
  const type = mime.split(';', 1)[0]!
  return demuxers[type] ?? demuxers[type.replace(/^audio/, 'video')]
}

export function requireDemuxer(mime: string): string {
  const demuxer = demuxerOf(mime)
  if (!demuxer) throw new PreviewRefused(`${mime} is neither sound nor video`)
  return demuxer
}

/** Old and rare decoders are where the holes are. */
export const decoders = [
  ...['h264', 'hevc', 'vp8', 'libvpx', 'vp9', 'libvpx-vp9', 'libdav1d', 'libaom-av1', 'av1', 'theora'],
  ...['mpeg4', 'msmpeg4v2', 'msmpeg4', 'h263', 'flv', 'mpeg1video', 'mpeg2video', 'wmv1', 'wmv2', 'wmv3', 'vc1'],
  ...['mjpeg', 'prores', 'dvvideo', 'rawvideo', 'png'],
  ...['aac', 'aac_latm', 'mp3float', 'mp3', 'mp2float', 'mp2', 'mp1float', 'mp1', 'opus', 'libopus', 'vorbis'],
  ...['flac', 'alac', 'ac3', 'eac3', 'amrnb', 'amrwb', 'libopencore_amrnb', 'libopencore_amrwb'],
  ...['wmav1', 'wmav2', 'wmapro', 'ape', 'wavpack', 'adpcm_ms', 'adpcm_ima_wav', 'adpcm_ima_qt', 'gsm_ms'],
  ...['pcm_u8', 'pcm_s8', 'pcm_s16le', 'pcm_s16be', 'pcm_s24le', 'pcm_s24be', 'pcm_s32le', 'pcm_s32be'],
  ...['pcm_f32le', 'pcm_f32be', 'pcm_f64le', 'pcm_alaw', 'pcm_mulaw'],
].join(',')

export type VideoStream = { codec: string; pixelFormat: string }

/** What every browser plays, by container. All else gets a rendition; so does a WebM with sound alone, which browsers record without an index: nobody could seek in it. */
const playable: Record<string, { video: string[]; audio: string[] }> = {
  'video/mp4': { video: ['h264', 'vp9', 'av1'], audio: ['aac', 'mp3', 'opus', 'flac'] },
  'video/webm': { video: ['vp8', 'vp9', 'av1'], audio: ['opus', 'vorbis'] },
  'audio/mp4': { video: [], audio: ['aac', 'mp3', 'opus', 'flac'] },
  'audio/x-m4a': { video: [], audio: ['aac', 'mp3', 'opus', 'flac'] },
  'audio/mpeg': { video: [], audio: ['mp3'] },
  'audio/aac': { video: [], audio: ['aac'] },
  'audio/flac': { video: [], audio: ['flac'] },
  'audio/wav': { video: [], audio: ['pcm_u8', 'pcm_s16le', 'pcm_s24le', 'pcm_s32le', 'pcm_f32le'] },
}

export function isPlayable(mime: string, video: VideoStream | null, audio: { codec: string } | null): boolean {
  const known = playable[mime.split(';', 1)[0]!]
  if (!known) return false
  return (
    (!video || (known.video.includes(video.codec) && isPlainVideo(video))) &&
    (!audio || known.audio.includes(audio.codec))
  )
}

/** More than eight bits of H.264, or colours at full resolution, is more than browsers decode. */
export function isPlainVideo({ codec, pixelFormat }: VideoStream): boolean {
  return codec !== 'h264' || ['yuv420p', 'yuvj420p'].includes(pixelFormat)
}
