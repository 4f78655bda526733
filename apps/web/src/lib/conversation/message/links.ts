import { LinkifyIt } from 'linkify-it'

export type TextPiece = { text: string; href: string | null }

const linkify = new LinkifyIt({ fuzzyLink: true, fuzzyEmail: true, fuzzyIP: false, maxLength: 2_000 })

/** Splits a text into plain pieces and links. Only http, https and mail addresses become links, so a message cannot carry a script. */
export function splitLinks(text: string): TextPiece[] {
  const found: TextPiece[] = []
  let end = 0
  for (const { index, lastIndex, url } of linkify.match(text) ?? []) {
    if (!/^(https?:\/\/|mailto:)/i.test(url) || index < end) continue
    if (index > end) found.push({ text: text.slice(end, index), href: null })
    found.push({ text: text.slice(index, lastIndex), href: url })
    end = lastIndex
  }
  if (end < text.length) found.push({ text: text.slice(end), href: null })
  return found
}
