/** The names in the formats of pictures are letters of one byte. */
export function latinBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...text].map((letter) => letter.charCodeAt(0)))
}

export function latinText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}

export function hasLatinAt(bytes: Uint8Array, at: number, text: string): boolean {
  return latinText(bytes.subarray(at, at + text.length)) === text
}
