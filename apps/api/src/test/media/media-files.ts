import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const exec = promisify(execFile)

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'veche-media-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** A small file of video or sound, made by ffmpeg. The extension chooses the container. */
export function makeMedia(extension: string, args: string[], inputs: Record<string, Buffer> = {}): Promise<Buffer> {
  return inFolder(async (folder) => {
    for (const [name, bytes] of Object.entries(inputs)) await writeFile(join(folder, name), bytes)
    const path = join(folder, `made.${extension}`)
    await exec('ffmpeg', ['-v', 'error', '-nostdin', ...args, path], { cwd: folder })
    return readFile(path)
  })
}

export const moving = (seconds = 1, size = '64x48') => ['-f', 'lavfi', '-i', `testsrc=s=${size}:d=${seconds}:r=10`]
export const tone = (seconds = 1) => ['-f', 'lavfi', '-i', `sine=d=${seconds}`]

/** As phones write their pictures. */
export function makeHeic(jpeg: Buffer): Promise<Buffer> {
  return inFolder(async (folder) => {
    await writeFile(join(folder, 'picture.jpg'), jpeg)
    await exec('heif-enc', ['-q', '50', '-p', 'preset=ultrafast', '-o', 'picture.heic', 'picture.jpg'], { cwd: folder })
    return readFile(join(folder, 'picture.heic'))
  })
}

/** One page with a dark square in its lower left quarter. */
export function makePdf({ width = 200, height = 100, extra = '' } = {}): Buffer {
  const drawing = `0.2 g 0 0 ${width / 2} ${height / 2} re f`
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${height}] /Contents 4 0 R >>`,
    `<< /Length ${drawing.length} >>\nstream\n${drawing}\nendstream`,
  ]
  let text = '%PDF-1.4\n'
  const offsets = objects.map((object, at) => {
    const offset = text.length
    text += `${at + 1} 0 obj\n${object}\nendobj\n`
    return `${String(offset).padStart(10, '0')} 00000 n \n`
  })
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}`
  const trailer = `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${extra} >>\nstartxref\n${text.length}\n%%EOF\n`
  return Buffer.from(text + table + trailer, 'latin1')
}

/** It asks for a password that nobody knows. */
export function makeLockedPdf(): Buffer {
  const key = 'ab'.repeat(32)
  const lock = `/Encrypt << /Filter /Standard /V 1 /R 2 /O <${key}> /U <${key}> /P -4 >> /ID [<00> <00>]`
  return makePdf({ extra: lock })
}
