/** A name in two parts: what may be cut when there is no room, and its ending with the point, which tells what the file is. */
export function splitName(name: string): { stem: string; ending: string } {
  const ending = /(?<=.)\.[\p{L}\d]{1,5}$/u.exec(name)?.[0] ?? ''
  return { stem: name.slice(0, name.length - ending.length), ending }
}

/** The ending as the picture of a file shows it; null where it is no short one. */
export function shownEnding(name: string): string | null {
  const { ending } = splitName(name)
  return ending.length > 1 && ending.length <= 5 ? ending.slice(1).toUpperCase() : null
}
