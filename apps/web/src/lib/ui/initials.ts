/** The first letters of the first two words of a name; a letter is a whole grapheme. */
export function initials(name: string): string {
  const words = name.match(/[\p{L}\p{N}][^\s]*/gu) ?? []
  const letters = words.slice(0, 2).map((word) => [...new Intl.Segmenter().segment(word)][0]?.segment ?? '')
  return letters.join('').toLocaleUpperCase() || (name.trim() ? '#' : '')
}

/** One of twelve hues, always the same for the same id. */
export function hue(id: string): number {
  let sum = 0
  for (const letter of id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) >>> 0
  return (sum % 12) * 30 + 2
}
