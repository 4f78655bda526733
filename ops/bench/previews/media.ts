import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { demuxerOf, isPlayable } from '../../../apps/api/src/files/previews/media/formats.ts'
import { makePoster } from '../../../apps/api/src/files/previews/media/poster.ts'
import { type MediaSource, probeMedia } from '../../../apps/api/src/files/previews/media/probe.ts'
import { makeRendition } from '../../../apps/api/src/files/previews/media/rendition.ts'
import { readLoudness } from '../../../apps/api/src/files/previews/media/waveform.ts'
import type { PictureMaker } from '../../../apps/api/src/files/previews/PictureMaker.ts'
import type { MediaTools } from '../../../apps/api/src/files/previews/tools/MediaTools.ts'
import { convertPhonePicture, drawFirstPage } from '../../../apps/api/src/files/previews/tools/still-pictures.ts'
import { makeHeic, makeMedia, makePdf, tone } from '../../../apps/api/src/test/media/media-files.ts'
import type { Figure } from '../figures/figure.ts'
import { treeCpuSeconds } from '../figures/processes.ts'

export type Makers = { tools: MediaTools; pictures: PictureMaker; folder: string }

type Work = { name: string; run: (folder: string) => Promise<unknown> }

/** CPU and time of each kind of file that outside programs read. */
export async function measureMedia(makers: Makers, rounds: number): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const { name, run } of await filesToRead(makers)) {
    const seconds: number[] = []
    const cpu: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const [cpuBefore, before] = [treeCpuSeconds(process.pid), performance.now()]
      await makers.tools.inFolder('bench', run)
      seconds.push((performance.now() - before) / 1_000)
      cpu.push(treeCpuSeconds(process.pid) - cpuBefore)
    }
    figures.push({ name, unit: 's', values: seconds }, { name: '… CPU', unit: 's', values: cpu })
  }
  return figures
}

async function filesToRead({ tools, pictures, folder }: Makers): Promise<Work[]> {
  const write = async (name: string, bytes: Buffer) => {
    await writeFile(join(folder, name), bytes)
    return join(folder, name)
  }
  const moving = ['-f', 'lavfi', '-i', 'testsrc2=s=1920x1080:d=10:r=30', ...tone(10), '-pix_fmt', 'yuv420p']
  const h264 = await write('video.mp4', await makeMedia('mp4', [...moving, '-preset', 'ultrafast']))
  const x265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none']
  const hevc = await write('video.mov', await makeMedia('mov', [...moving, ...x265]))
  const voice = await write('voice.ogg', await makeMedia('ogg', [...tone(60), '-c:a', 'libopus']))
  const song = await write('song.mp3', await makeMedia('mp3', tone(3_600)))
  const page = await write('page.pdf', makePdf({ width: 595, height: 842 }))
  const size = { width: 8_064, height: 6_048 }
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 20 }
  const still = sharp({ create: { ...size, channels: 3, background: '#000', noise } }).blur(2)
  const phone = await write('phone.heic', await makeHeic(await still.jpeg().toBuffer()))
  const source = (path: string, mime: string, own: string): MediaSource => ({
    path,
    demuxer: demuxerOf(mime)!,
    folder: own,
  })
  const poster = (path: string, mime: string) => async (own: string) => {
    const from = source(path, mime, own)
    return pictures.make(await makePoster(tools, from, await probeMedia(tools, from)))
  }
  const rendition = (path: string, mime: string) => async (own: string) => {
    const from = source(path, mime, own)
    const facts = await probeMedia(tools, from)
    if (isPlayable(mime, facts.video, facts.audio)) throw new Error(`${mime} needs no rendition`)
    return makeRendition(tools, from, facts, { timeMs: 600_000, fileBytes: 1e9 })
  }
  return [
    { name: 'Poster of a video of 10 s, H.264 1080p', run: poster(h264, 'video/mp4') },
    { name: 'Poster of a video of 10 s, HEVC 1080p', run: poster(hevc, 'video/quicktime') },
    { name: 'Rendition of that, 720p', run: rendition(hevc, 'video/quicktime') },
    { name: 'Rendition of H.264 in a MOV, copied', run: rendition(h264, 'video/quicktime') },
    { name: 'Waveform of a voice message of 60 s', run: (own) => readLoudness(tools, source(voice, 'audio/ogg', own)) },
    { name: 'Rendition of it', run: rendition(voice, 'audio/ogg') },
    { name: 'Waveform of an hour of mp3', run: (own) => readLoudness(tools, source(song, 'audio/mpeg', own)) },
    { name: 'First page of a document', run: async (own) => pictures.make(await drawFirstPage(tools, page, own)) },
    {
      name: 'Picture of a phone, HEIC of 48 MP',
      run: async (own) => pictures.make(await convertPhonePicture(tools, phone, own)),
    },
  ]
}
