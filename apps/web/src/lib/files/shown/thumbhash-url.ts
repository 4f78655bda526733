import { thumbHashToDataURL } from 'thumbhash'

/** A picture of a few bytes, as an address for what shows it. */
export function thumbhashUrl(thumbhash: string | null): string | null {
  return thumbhash ? thumbHashToDataURL(Uint8Array.from(atob(thumbhash), (letter) => letter.charCodeAt(0))) : null
}
