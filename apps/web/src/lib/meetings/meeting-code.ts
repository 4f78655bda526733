const CODE = /(?:^|\/m\/)([0-9a-z]{9}-[0-9a-z]{10})(?:[/?#].*)?$/

/** The code of a meeting in a pasted text: the text is the code itself, or any spelling of its link. */
export function findMeetingCode(pasted: string): string | null {
  return CODE.exec(pasted.trim().toLowerCase())?.[1] ?? null
}

export function meetingLink(code: string): string {
  return `${location.origin}/m/${code}`
}
