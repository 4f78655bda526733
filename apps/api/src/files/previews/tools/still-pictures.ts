import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PreviewRefused } from '../refusals.ts'
import type { MediaTools } from './MediaTools.ts'

const longestSide = 1_280

/** Draws the first page, and answers with the path of the picture. What needs a password is refused. */
export async function drawFirstPage(tools: MediaTools, path: string, folder: string): Promise<string> {
  const page = join(folder, 'page')
  const args = ['-png', '-singlefile', '-f', '1', '-l', '1', '-scale-to', String(longestSide), path, page]
  await tools.run('pdftocairo', args, folder, { timeMs: 20_000 })
  return `${page}.png`
}

/** Pictures of phones, upright. The result is large, and not kept: previews are made from it. Of several in one file the first is shown. */
export async function convertPhonePicture(tools: MediaTools, path: string, folder: string): Promise<string> {
  await tools.run('heif-convert', ['--quiet', '-q', '92', path, join(folder, 'picture.jpg')], folder, {
    timeMs: 60_000,
  })
  const [first] = (await readdir(folder)).filter((name) => /^picture(-1)?\.jpg$/.test(name))
  if (!first) throw new PreviewRefused('it holds no picture')
  return join(folder, first)
}
