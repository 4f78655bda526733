/** A message of a benchmark begins with its number, in the same length always. */
export function numbered(number: number, words: string): string {
  return `#${String(number).padStart(digits, '0')} ${words}`
}

const digits = 10

/** Finds the numbers of messages behind a marker in text that arrives in pieces of any size. */
export class NumberReader {
  readonly #marker: string
  readonly #length: number
  #rest = ''

  /** The marker is what the protocol writes before the number. */
  constructor(marker: string) {
    this.#marker = `${marker}#`
    this.#length = this.#marker.length + digits
  }

  read(piece: string, found: (number: number) => void): void {
    const text = this.#rest + piece
    let end = 0
    for (let at = text.indexOf(this.#marker); at >= 0; at = text.indexOf(this.#marker, end)) {
      if (at + this.#length > text.length) {
        this.#rest = text.slice(at)
        return
      }
      end = at + this.#length
      found(Number.parseInt(text.slice(at + this.#marker.length, end), 10))
    }
    this.#rest = text.slice(Math.max(end, text.length - this.#marker.length + 1))
  }
}
