import type { MessageFile } from '@veche/shared/rows/rows'
import type { AttachedFile } from '#lib/store/commands.ts'

/** A file as the history shows it: stored on the server, or on its way there. */
export type ShownFile = {
  key: string
  name: string
  size: number
  mime: string
  width: number | null
  height: number | null
  thumbhash: string | null
  /** Null while it is on its way. */
  url: string | null
  /** Where its bytes are on this device, while it is on its way. */
  attachmentId: string | null
  isPicture: boolean
  /** It moves, and a press on its poster plays it. */
  isVideo: boolean
  isSound: boolean
  /** Of sound and video. */
  durationMs: number | null
  waveform: string | null
  hasRendition: boolean
  /** The previews of a picture, and the poster of a video; null while there is none. */
  previews: { small: string; large: string } | null
}

export function fromRow(file: MessageFile): ShownFile {
  const url = `/api/files/${file.id}`
  const previews = file.preview === 'done' ? { small: `${url}/320`, large: `${url}/1280` } : null
  return {
    ...file,
    key: file.id,
    url,
    attachmentId: null,
    isPicture: isPicture(file) && file.preview !== 'none',
    isVideo: isVideo(file) && file.preview !== 'none',
    isSound: isSound(file),
    previews,
  }
}

export function fromAttached(file: AttachedFile): ShownFile {
  const { width = null, height = null, thumbhash = null, durationMs = null, waveform = null, attachmentId } = file
  // A browser that could read its size can show it.
  const shown = isPicture(file) && width !== null
  return {
    ...file,
    width,
    height,
    key: attachmentId,
    thumbhash,
    url: null,
    attachmentId,
    durationMs,
    waveform,
    hasRendition: false,
    isPicture: shown,
    isVideo: isVideo(file) && width !== null,
    isSound: isSound({ ...file, width, durationMs }),
    previews: null,
  }
}

function isPicture({ mime }: { mime: string }): boolean {
  return mime.startsWith('image/')
}

type Described = { mime: string; width?: number | null; durationMs?: number | null }

function isVideo(file: Described): boolean {
  return file.mime.startsWith('video/') && !isSound(file)
}

/** Containers of videos may hold a sound alone: it has a length and no size. */
function isSound({ mime, width = null, durationMs = null }: Described): boolean {
  return mime.startsWith('audio/') || (mime.startsWith('video/') && durationMs !== null && width === null)
}
