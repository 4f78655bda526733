import { LinkifyIt } from 'linkify-it'

export type Piece = { text: string; href: string | null }

const linkify = new LinkifyIt({ fuzzyLink: true, fuzzyEmail: true, fuzzyIP: false, maxLength: 2_000 })

/** Text with what can be followed in it. It is text and stays text: only these three kinds of address become links. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = []
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
