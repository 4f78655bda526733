import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Env } from '../env.ts'
import type { Outgoing } from './mailer.ts'

const kept = z.object({
  id: z.string(),
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  at: z.string(),
})
export type KeptMail = z.output<typeof kept>

/** How many are shown; all are kept until they are old. */
const shown = 200

/**
 * Two files of each mail: as any mail program reads it, and its parts for the page. Written aside and renamed, so that nobody sees
 * half of one; named after the row, so that a mail sent twice is there once.
 */
export async function keepLocally(env: Env, mail: Outgoing, eml: Buffer): Promise<void> {
  const folder = folderOf(env)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { id, to, subject, text, html } = mail
  const parts: KeptMail = { id, to, subject, text, html, at: new Date().toISOString() }
  await writeWhole(join(folder, `${id}.eml`), eml)
  await writeWhole(join(folder, `${id}.json`), Buffer.from(JSON.stringify(parts)))
}

/** Newest first. A file that is no mail of ours is passed over. */
export async function readMailbox(env: Env): Promise<KeptMail[]> {
  const folder = folderOf(env)
  // Ids are made in order of time, so their names sort by it.
  const names = (await namesIn(folder)).filter((name) => name.endsWith('.json')).sort()
  const read = await Promise.all(
    names
      .slice(-shown)
      .reverse()
      .map((name) => readOne(join(folder, name))),
  )
  return read.filter((mail) => mail !== null)
}

/** Removes what is older than this many days. */
export async function tidyMailbox(env: Env, now: number, days: number): Promise<void> {
  const folder = folderOf(env)
  for (const name of await namesIn(folder)) {
    const found = await stat(join(folder, name)).catch(() => null)
    if (found && now - found.mtimeMs > days * 86_400_000) await rm(join(folder, name), { force: true })
  }
}

function folderOf(env: Env): string {
  return join(env.VECHE_DATA, 'mail')
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
}

async function readOne(path: string): Promise<KeptMail | null> {
  try {
    return kept.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return null
  }
}

async function writeWhole(path: string, content: Buffer): Promise<void> {
  const aside = `${path}.part`
  const file = await open(aside, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(aside, path)
}
