import { demuxerOf } from './media/formats.ts'

/** The longer side of each preview, in pixels: in the history, and in the viewer. */
export const previewSides = [320, 1280] as const

export const previewMime = 'image/webp'

/** All that is made of a content, and is deleted with it. */
export const madeVariants = [...previewSides, 'rendition'] as const

/** These are read by sharp. */
const pictures = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/apng']
const phonePictures = ['image/heic', 'image/heif', 'image/heic-sequence', 'image/heif-sequence']

export type PreviewKind = 'picture' | 'phone picture' | 'document' | 'media'

/** What there is to make a preview of, by what the bytes are. Null when there is nothing. */
export function previewKindOf(mime: string): PreviewKind | null {
  if (pictures.includes(mime)) return 'picture'
  if (phonePictures.includes(mime)) return 'phone picture'
  if (mime === 'application/pdf') return 'document'
  return demuxerOf(mime) ? 'media' : null
}
