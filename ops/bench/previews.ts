import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { PictureMaker } from '../../apps/api/src/files/previews/PictureMaker.ts'
import { readArguments } from '../cli/arguments.ts'
import { type Figure, table } from './figures/figure.ts'
import { machine } from './figures/machine.ts'
import { MediaTools } from '../../apps/api/src/files/previews/tools/MediaTools.ts'
import { createLogger } from '../../apps/api/src/platform/logger.ts'
import { measureBombs } from './previews/bombs.ts'
import { cpuSeconds } from './figures/processes.ts'
import { peakMemoryMb } from './previews/peak-memory.ts'
import { measureMedia } from './previews/media.ts'

export const usage = `
./veche bench previews [--pictures 30] [--rounds 3] [--json]

Measures how many photos of 12 megapixels the worker makes previews of in a second of CPU time, and what the child takes for it; what
video, sound, documents and pictures of phones cost; and what becomes of photos and memory while bombs arrive.
`

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const { values } = readArguments('bench previews', args, {
    pictures: { type: 'string', default: '30' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  })
  const folder = await mkdtemp(join(tmpdir(), 'veche-previews-'))
  const maker = new PictureMaker()
  const tools = new MediaTools(join(folder, 'making'), createLogger('warn', 'bench'))
  try {
    const path = join(folder, 'photo.jpg')
    await writeFile(path, await photo())
    const rounds = Number(values.rounds)
    const figures = [
      ...(await measure(maker, path, Number(values.pictures))),
      ...(await measureBombs(maker, folder, path, rounds)),
      ...(await measureMedia({ tools, pictures: maker, folder }, rounds)),
    ]
    if (values.json) console.log(JSON.stringify({ machine: machine(), figures }, null, 2))
    else console.log(`${Object.entries(machine()).flat().join(' ')}\n\n${table(figures)}`)
    return 0
  } finally {
    maker.close()
    tools.stopRuns()
    await rm(folder, { recursive: true })
  }
}

/** As detailed as a photo of a landscape: about four megabytes. */
function photo(): Promise<Buffer> {
  const size = { width: 4_000, height: 3_000 }
  const noise = sharp(randomBytes(500 * 375 * 3), { raw: { width: 500, height: 375, channels: 3 } })
  return noise.resize(size.width, size.height, { kernel: 'cubic' }).jpeg({ quality: 92 }).toBuffer()
}

async function measure(maker: PictureMaker, path: string, count: number): Promise<Figure[]> {
  // The first one starts the child.
  await maker.make(path)
  const cpu: number[] = []
  const seconds: number[] = []
  const bytes: number[] = []
  let peak = 0
  for (let n = 0; n < count; n += 1) {
    const [cpuBefore, before] = [cpuSeconds([maker.pid!]), performance.now()]
    const { previews } = await maker.make(path)
    seconds.push((performance.now() - before) / 1_000)
    cpu.push(cpuSeconds([maker.pid!]) - cpuBefore)
    bytes.push(previews.reduce((sum, preview) => sum + preview.bytes.length, 0) / 1_000)
    peak = Math.max(peak, await peakMemoryMb(maker.pid!))
  }
  const perSecond = count / cpu.reduce((sum, each) => sum + each, 0)
  return [
    { name: 'Photos of 12 MP for a second of CPU', unit: 'a second', values: [perSecond], aim: { least: 4 } },
    { name: 'A photo with all its previews', unit: 's', values: seconds },
    { name: 'Its previews together', unit: 'kB', values: bytes },
    { name: 'Memory of the child, at most', unit: 'MB', values: [peak] },
  ]
}
