import { crc32, deflateSync } from 'node:zlib'
import { makePdf } from './media-files.ts'

/** Pictures that are not what they say: small files that want much, and broken ones. */
export const hostilePictures = {
  'a png that says it has 3600 megapixels': () => png(60_000, 60_000),
  'a gif that says it has 4295 megapixels': () => gif(65_535, 65_535, 1),
  'a webp that says it has 268 megapixels': () => webp(16_384, 16_384),
  'a gif that is also a page': () => Buffer.from('GIF89a/*<script>alert(1)</script>*/=1;'),
  'a png without its pixels': () => png(10, 10),
  'a heic of nothing but its name': () => box('ftyp', 'heic\0\0\0\0mif1heic'),
}

export const hostileDocuments = {
  'a document that is broken': () => Buffer.from('%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 1 0 R >> endobj'),
}

export const hostileMedia = {
  'a video of nothing but its name': () => box('ftyp', 'isom\0\0\0\0isommp41'),
  'a video that is noise': () => Buffer.concat([box('ftyp', 'isom\0\0\0\0isommp41'), noise(5_000)]),
  'a webm that ends in its header': () =>
    Buffer.from('1a45dfa39f4286810142f7810142f2810442f381084282847765626d', 'hex'),
}

/** It ends long before it says it does. */
export const emptySound = () => wav(0xffffffff, Buffer.alloc(0))

/** Not even tried: there is nothing to show. */
export const plainDownloads = {
  nothing: () => Buffer.alloc(0),
  'a drawing': () => Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'),
  'a drawing without a declaration': () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
  'a page': () => Buffer.from('<!doctype html><script>alert(1)</script>'),
  'a page in xml': () =>
    Buffer.from('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script/></html>'),
  'an archive': () => Buffer.from('504b03040a000000000000000000000000000000000000000000010000007a', 'hex'),
  'a program': () => Buffer.from('MZ\0\0'),
}

/** Lists that make a careless player open what they name. */
export const playlists: Record<string, (target: string) => Buffer> = {
  hls: (target) => Buffer.from(`#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n${target}\n#EXT-X-ENDLIST\n`),
  concat: (target) => Buffer.from(`ffconcat version 1.0\nfile '${target}'\n`),
  dash: (target) =>
    Buffer.from(`<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" type="static" mediaPresentationDuration="PT5S">
<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>${target}</BaseURL></Representation>
</AdaptationSet></Period></MPD>`),
  sdp: () => Buffer.from('v=0\nc=IN IP4 127.0.0.1\nm=video 9519 RTP/AVP 96\na=rtpmap:96 H264/90000\n'),
  'subtitles in an avi': (target) => aviWithSubtitles(Buffer.from(`#EXTM3U\n#EXTINF:1,\n${target}\n#EXT-X-ENDLIST\n`)),
}

/** Many frames in few bytes. */
export function gif(width: number, height: number, frames: number): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt16LE(width, 0)
  size.writeUInt16LE(height, 2)
  const screen = Buffer.concat([Buffer.from('GIF89a'), size, Buffer.from('800000000000ffffff', 'hex')])
  const control = Buffer.from('21f904000a000000', 'hex')
  const position = Buffer.from('2c00000000', 'hex')
  // Black and white in turns: frames that are alike would become one.
  const pixels = ['000202440100', '0002024c0100'].map((hex) => Buffer.from(hex, 'hex'))
  const both = pixels.map((pixel) => Buffer.concat([control, position, size, pixel]))
  return Buffer.concat([screen, ...Array.from({ length: frames }, (_, frame) => both[frame % 2]!), Buffer.from(';')])
}

/** It says that it has so many pixels, and has none. */
export function png(width: number, height: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    return Buffer.concat([uint32(data.length), body, uint32(crc32(body))])
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const chunks = [chunk('IHDR', header), chunk('IDAT', Buffer.alloc(0)), chunk('IEND', Buffer.alloc(0))]
  return Buffer.concat([signature, ...chunks])
}

function webp(width: number, height: number): Buffer {
  const canvas = Buffer.alloc(10)
  canvas.writeUIntLE(width - 1, 4, 3)
  canvas.writeUIntLE(height - 1, 7, 3)
  return riff('WEBP', riffChunk('VP8X', canvas))
}

/** A page of a hundred kilometres. */
export const hugePage = () => makePdf({ width: 1_000_000, height: 500_000 })

/** A page that is one picture of so many black dots on each side, in few bytes. */
export function pdfOfPicture(side: number): Buffer {
  const dots = deflateSync(Buffer.alloc(Math.ceil(side / 8) * side))
  const image = `/Subtype /Image /Width ${side} /Height ${side} /ColorSpace /DeviceGray /BitsPerComponent 1`
  const drawing = 'q 100 0 0 100 0 0 cm /P Do Q'
  const parts = [
    '%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n',
    '2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n',
    '3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents 4 0 R ',
    '/Resources << /XObject << /P 5 0 R >> >> >>\nendobj\n',
    `4 0 obj\n<< /Length ${drawing.length} >>\nstream\n${drawing}\nendstream\nendobj\n`,
    `5 0 obj\n<< /Type /XObject ${image} /Filter /FlateDecode /Length ${dots.length} >>\nstream\n`,
  ]
  const end = '\nendstream\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n'
  return Buffer.concat([Buffer.from(parts.join('')), dots, Buffer.from(end)])
}

function wav(length: number, samples: Buffer): Buffer {
  const format = Buffer.from('0100010040 1f0000 803e0000 0200 1000'.replaceAll(' ', ''), 'hex')
  const data = Buffer.concat([Buffer.from('data'), uint32le(length), samples])
  return riff('WAVE', Buffer.concat([riffChunk('fmt ', format), data]))
}

/** Players look into subtitles for other formats, of which a playlist is one. */
function aviWithSubtitles(subtitles: Buffer): Buffer {
  const main = Buffer.alloc(56)
  main.writeUInt32LE(100_000, 0)
  main.writeUInt32LE(1, 24)
  const stream = Buffer.alloc(56)
  stream.write('txts', 0)
  stream.writeUInt32LE(1, 20)
  stream.writeUInt32LE(1, 24)
  const list = (type: string, body: Buffer) => riffChunk('LIST', Buffer.concat([Buffer.from(type), body]))
  const streams = list('strl', Buffer.concat([riffChunk('strh', stream), riffChunk('strf', Buffer.alloc(0))]))
  const header = list('hdrl', Buffer.concat([riffChunk('avih', main), streams]))
  const name = Buffer.from('a\0\0\0')
  const parts = [Buffer.from('GAB2\0\x02\0', 'latin1'), uint32le(name.length), name, Buffer.from([4, 0])]
  const packet = Buffer.concat([...parts, uint32le(subtitles.length), subtitles])
  return riff('AVI ', Buffer.concat([header, list('movi', riffChunk('00tx', packet))]))
}

function box(type: string, body: string): Buffer {
  return Buffer.concat([uint32(8 + body.length), Buffer.from(type), Buffer.from(body, 'latin1')])
}

function riff(type: string, body: Buffer): Buffer {
  return riffChunk('RIFF', Buffer.concat([Buffer.from(type), body]))
}

function riffChunk(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), uint32le(body.length), body, Buffer.alloc(body.length % 2)])
}

/** The same noise each time. */
function noise(length: number): Buffer {
  let state = 1
  return Buffer.from(Array.from({ length }, () => (state = (state * 16_807) % 2_147_483_647) & 0xff))
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function uint32le(value: number): Buffer {
  return uint32(value).reverse()
}
