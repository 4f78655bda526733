import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import type { PictureMaker } from '../../../apps/api/src/files/previews/PictureMaker.ts'
import { gif, hostilePictures } from '../../../apps/api/src/test/media/hostile-files.ts'
import type { Figure } from '../figures/figure.ts'
import { memoryMb } from '../figures/processes.ts'
import { peakMemoryMb } from './peak-memory.ts'

/** How long a photo waits and takes when it comes after a bomb, and what the worker and its child take meanwhile. */
export async function measureBombs(
  pictures: PictureMaker,
  folder: string,
  photo: string,
  rounds: number,
): Promise<Figure[]> {
  const flat = sharp({ create: { width: 10_900, height: 10_900, channels: 3, background: '#000' } })
  const bombs = [
    await flat.png().toBuffer(),
    gif(400, 300, 10_000),
    ...Object.values(hostilePictures).map((make) => make()),
  ]
  const paths = await Promise.all(
    bombs.map(async (bytes, at) => {
      const path = join(folder, `bomb-${at}`)
      await writeFile(path, bytes)
      return path
    }),
  )
  const seconds: number[] = []
  let [child, worker] = [0, 0]
  for (let round = 0; round < rounds; round += 1)
    for (const path of paths) {
      const before = performance.now()
      await Promise.all([pictures.make(path).catch(() => undefined), pictures.make(photo)])
      seconds.push((performance.now() - before) / 1_000)
      child = Math.max(child, await peakMemoryMb(pictures.pid!))
      worker = Math.max(worker, memoryMb([process.pid]))
    }
  return [
    { name: 'A photo that comes right after a bomb', unit: 's', values: seconds },
    { name: 'Memory of the child among bombs, at most', unit: 'MB', values: [child], aim: { most: 700 } },
    { name: 'Memory of the worker', unit: 'MB', values: [worker] },
  ]
}
