import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Env } from '../env.ts'
import type { OutgoingMail } from './mailer.ts'

const kept = z.object({
  id: z.string(),
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  at: z.string(),
})
export type KeptMail = z.output<typeof kept>

/** The page shows no more mails than this. More are kept, until they are old. */
const maxShown = 200

/**
 * Writes two files: the mail as mail programs read it, and its parts for the page. They are named after the row, so a mail that is sent
 * twice is there once.
 */
export async function writeToMailbox(env: Env, mail: OutgoingMail, eml: Buffer): Promise<void> {
  const folder = folderOf(env)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { id, to, subject, text, html } = mail
  const parts: KeptMail = { id, to, subject, text, html, at: new Date().toISOString() }
  await writeWhole(join(folder, `${id}.eml`), eml)
  await writeWhole(join(folder, `${id}.json`), Buffer.from(JSON.stringify(parts)))
}

/** Newest first. Files that are no mail are skipped. */
export async function readMailbox(env: Env): Promise<KeptMail[]> {
  const folder = folderOf(env)
  // Ids begin with their time, so the names sort by it.
  const names = (await namesIn(folder)).filter((name) => name.endsWith('.json')).sort()
  const read = await Promise.all(
    names
      .slice(-maxShown)
      .reverse()
      .map((name) => readOne(join(folder, name))),
  )
  return read.filter((mail) => mail !== null)
}

export async function deleteOldMailFiles(env: Env, now: number, days: number): Promise<void> {
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

/** Written to another name and renamed, so that no reader sees half of a file. */
async function writeWhole(path: string, content: Buffer): Promise<void> {
  const partPath = `${path}.part`
  const file = await open(partPath, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(partPath, path)
}
