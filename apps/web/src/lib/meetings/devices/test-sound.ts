const NOTES = [523.25, 659.25, 783.99]
const NOTE_S = 0.18

/** Plays three short rising notes on this loudspeaker. Resolves when the last one has faded out. */
export async function playTestSound(output: string | null): Promise<void> {
  const context = new AudioContext()
  try {
    const sink = context.createMediaStreamDestination()
    NOTES.forEach((frequency, index) => note(context, sink, frequency, context.currentTime + index * NOTE_S))
    const audio = new Audio()
    audio.srcObject = sink.stream
    if (output) await audio.setSinkId(output)
    await audio.play()
    await new Promise((resolve) => setTimeout(resolve, (NOTES.length + 1.5) * NOTE_S * 1_000))
    audio.srcObject = null
  } finally {
    await context.close()
  }
}

function note(context: AudioContext, sink: AudioNode, frequency: number, at: number): void {
  const tone = context.createOscillator()
  const volume = context.createGain()
  tone.type = 'triangle'
  tone.frequency.value = frequency
  volume.gain.setValueAtTime(0, at)
  volume.gain.linearRampToValueAtTime(0.25, at + 0.02)
  volume.gain.exponentialRampToValueAtTime(0.001, at + NOTE_S * 2)
  tone.connect(volume).connect(sink)
  tone.start(at)
  tone.stop(at + NOTE_S * 2)
}
