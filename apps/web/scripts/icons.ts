// Draws the icons of the installed app from one drawing of a bell. Run it when the bell has changed: node scripts/icons.ts
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'

const folder = fileURLToPath(new URL('../static/icons/', import.meta.url))
const ACCENT = '#00756a'
const BELL =
  'M16 4v2.6M6.4 23.2h19.2c-2.7-2.3-3-5.5-3.2-8.7-.2-4.4-2.3-7.9-6.4-7.9s-6.2 3.5-6.4 7.9c-.2 3.2-.5 6.4-3.2 8.7ZM16 23.4v3.8'

type Drawing = { ground: string | null; corner: number; ink: string; scale: number }

const any: Drawing = { ground: ACCENT, corner: 7, ink: '#fff', scale: 0.74 }
// A launcher may cut a maskable icon to a circle of 80 %, so the bell is smaller here.
const maskable: Drawing = { ground: ACCENT, corner: 0, ink: '#fff', scale: 0.56 }
const monochrome: Drawing = { ground: null, corner: 0, ink: '#fff', scale: 0.8 }
const apple: Drawing = { ground: ACCENT, corner: 0, ink: '#fff', scale: 0.66 }

await mkdir(folder, { recursive: true })
for (const size of [192, 512]) {
  await write(`icon-${size}.png`, size, any)
  await write(`maskable-${size}.png`, size, maskable)
  await write(`monochrome-${size}.png`, size, monochrome)
}
await write('apple-touch-icon.png', 180, apple)
await write('badge-96.png', 96, monochrome)

async function write(name: string, size: number, drawing: Drawing) {
  await sharp(Buffer.from(svg(drawing)), { density: (72 * size) / 32 })
    .resize(size, size)
    .png({ compressionLevel: 9, palette: true })
    .toFile(folder + name)
}

function svg({ ground, corner, ink, scale }: Drawing): string {
  const back = ground ? `<rect width="32" height="32" rx="${corner}" fill="${ground}"/>` : ''
  const moved = `translate(16 15.8) scale(${scale}) translate(-16 -16)`
  const stroke = `fill="none" stroke="${ink}" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${back}<path transform="${moved}" ${stroke} d="${BELL}"/></svg>`
}
