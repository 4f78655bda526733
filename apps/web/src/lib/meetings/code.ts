const CODE = /(?:^|\/m\/)([0-9a-z]{9}-[0-9a-z]{10})(?:[/?#].*)?$/

/** The code of a meeting in what was pasted: the code itself, or any spelling of its link. */
export function codeIn(pasted: string): string | null {
  return CODE.exec(pasted.trim().toLowerCase())?.[1] ?? null
}

export function linkOf(code: string): string {
  return `${location.origin}/m/${code}`
}
