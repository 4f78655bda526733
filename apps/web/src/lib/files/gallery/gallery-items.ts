import type { MessageRow } from '@veche/shared/rows/rows'
import type { GalleryKind } from '@veche/shared/messages'
import { splitLinks } from '#lib/conversation/message/links.ts'
import { fromRow, type ShownFile } from '../shown/shown-files.ts'

/** What one place in a gallery shows. */
export type GalleryItem = { key: string; message: MessageRow } & (
  | { file: ShownFile; href: null }
  /** An address in the text of the message. */
  | { file: null; href: string }
)
export type FileItem = Extract<GalleryItem, { href: null }>

/** What a message brings to a gallery. The server also finds some texts in which no client sees a link: they bring nothing. */
export function itemsOf(kind: GalleryKind, message: MessageRow): GalleryItem[] {
  if (message.deletedAt !== null) return []
  if (kind === 'link')
    return linksOf(message.body ?? '').map((href) => ({ key: `${message.seq} ${href}`, message, file: null, href }))
  return (message.files ?? [])
    .filter(({ mime }) => kindOf(message, mime) === kind)
    .map((file) => ({ key: file.id, message, file: fromRow(file), href: null }))
}

/** The same as `kindOfFile` of the server. */
export function isMedia(mime: string): boolean {
  return /^(image\/(?!svg)|video\/)/.test(mime)
}

function kindOf({ kind }: MessageRow, mime: string): GalleryKind {
  if (kind === 'voice') return 'voice'
  return isMedia(mime) ? 'media' : 'file'
}

/** The addresses in a text, each once. */
function linksOf(text: string): string[] {
  if (!/:\/\/|[^\s.]\.\p{L}{2}/u.test(text)) return []
  return [...new Set(splitLinks(text).flatMap(({ href }) => (href?.startsWith('http') ? href : [])))]
}
