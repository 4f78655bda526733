/**
 * What another app has shared into this one, until the person has chosen a chat for it. The service worker puts it here and the page takes
 * it. It is kept in a cache, which is wiped with the session, like everything else of the person.
 */
const CACHE = 'veche-shared'
const TEXT = '/shared/text'
const fileAddress = (index: number) => `/shared/files/${index}`
/** Here the manifest tells other apps to send. */
export const SHARE_PATH = '/share'
const NAME_HEADER = 'x-name'
const MAX_FILES = 100

export type SharedThings = { text: string; files: File[] }

/** Takes the place of what was shared before and never chosen a chat for. */
export async function keepShared(form: FormData): Promise<void> {
  await dropShared()
  const cache = await caches.open(CACHE)
  const files = form.getAll('files').filter((value): value is File => value instanceof File)
  for (const [index, file] of files.slice(0, MAX_FILES).entries()) {
    const headers = { 'content-type': file.type, [NAME_HEADER]: encodeURIComponent(file.name.toWellFormed()) }
    await cache.put(fileAddress(index), new Response(file, { headers }))
  }
  const texts = ['title', 'text', 'url'].map((name) => form.get(name)).filter((value) => typeof value === 'string')
  // Some apps send the same line as title and as text, and the link within the text.
  const lines = texts.filter(
    (line, index) => line && !texts.some((other, at) => at !== index && contains(other, line, at < index)),
  )
  await cache.put(TEXT, new Response(lines.join('\n')))
}

function contains(other: string, line: string, isBefore: boolean): boolean {
  return other === line ? isBefore : other.includes(line)
}

/** Null when nothing was shared. */
export async function readShared(): Promise<SharedThings | null> {
  const cache = await caches.open(CACHE)
  const text = await cache.match(TEXT)
  if (!text) return null
  const files: File[] = []
  for (let index = 0; index < MAX_FILES; index += 1) {
    const kept = await cache.match(fileAddress(index))
    if (!kept) break
    const name = decodeURIComponent(kept.headers.get(NAME_HEADER) ?? '')
    files.push(new File([await kept.blob()], name || 'file', { type: kept.headers.get('content-type') ?? '' }))
  }
  return { text: await text.text(), files }
}

export async function dropShared(): Promise<void> {
  await caches.delete(CACHE)
}
