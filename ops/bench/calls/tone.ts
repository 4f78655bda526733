const rate = 48_000

/** A WAV file with a wavering tone of that many seconds. A voice-like tone is needed, because DTX does not send silence. */
export function tone(seconds: number): Buffer {
  const samples = rate * seconds
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + samples * 2, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(rate, 24)
  head.writeUInt32LE(rate * 2, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(samples * 2, 40)
  const body = new Int16Array(samples)
  for (let at = 0; at < samples; at += 1) body[at] = sample(at / rate)
  return Buffer.concat([head, Buffer.from(body.buffer)])
}

function sample(time: number): number {
  const pitch = 180 + 60 * Math.sin(2 * Math.PI * 2.3 * time)
  const loudness = 0.4 + 0.3 * Math.sin(2 * Math.PI * 3.1 * time)
  return Math.round(12_000 * loudness * Math.sin(2 * Math.PI * pitch * time))
}
