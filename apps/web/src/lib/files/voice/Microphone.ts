/** What a recording gets its sound from. The browser has one, tests have another. */
export type Microphone = {
  /** Gives parts from now on. */
  start(): void
  pause(): void
  resume(): void
  /** Gives at once what was recorded since the last part. */
  flush(): void
  /** Resolves when the last part was given. */
  stop(): Promise<void>
  /** How loud it was in the last moment: 0 to 1020, of which a calm voice reaches 128 or more. */
  level(): number
  /** Gives the device back. */
  close(): void
}

export type MicrophoneEvents = {
  part(bytes: Blob): void
  /** The device was unplugged, the permission taken back, or the recorder failed. */
  lost(): void
  /** The system takes the microphone for something else, as a call, or gives it back. */
  interrupted(is: boolean): void
}

export type MicrophoneProblem = 'denied' | 'missing' | 'busy' | 'unsupported'

const PART_MS = 1_000
const BITS_PER_SECOND = 32_000
/** With this factor a calm voice reaches the upper half of 255. */
const SCALE = 4 * 255

/** In the order in which they are preferred. A browser knows one of them at least. */
const types = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4;codecs=mp4a.40.2', 'audio/mp4']

/** Rejects as getUserMedia does. */
export async function openMicrophone(events: MicrophoneEvents): Promise<Microphone> {
  // Undefined without a secure context.
  const devices: MediaDevices | undefined = navigator.mediaDevices
  if (!devices) throw new DOMException('this context has no media devices', 'NotFoundError')
  const audio = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true }
  const stream = await devices.getUserMedia({ audio })
  try {
    return recorded(stream, events)
  } catch (error) {
    for (const track of stream.getTracks()) track.stop()
    throw error
  }
}

/** Why a microphone did not open. */
export function microphoneProblem(thrown: unknown): MicrophoneProblem {
  const name = thrown instanceof Error || thrown instanceof DOMException ? thrown.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  if (name === 'NotFoundError' || name === 'OverconstrainedError' || name === 'TypeError') return 'missing'
  return name === 'NotSupportedError' ? 'unsupported' : 'busy'
}

function recorded(stream: MediaStream, events: MicrophoneEvents): Microphone {
  const mimeType = types.find((type) => MediaRecorder.isTypeSupported(type))
  const options = { audioBitsPerSecond: BITS_PER_SECOND, ...(mimeType ? { mimeType } : {}) }
  const recorder = new MediaRecorder(stream, options)
  const meter = newMeter(stream)
  const type = (mimeType ?? recorder.mimeType).split(';', 1)[0]!
  const stopped = new Promise<void>((resolve) => recorder.addEventListener('stop', () => resolve()))
  recorder.ondataavailable = ({ data }) => data.size > 0 && events.part(new Blob([data], { type }))
  recorder.onerror = () => events.lost()
  for (const track of stream.getTracks()) {
    track.onended = () => events.lost()
    track.onmute = () => events.interrupted(true)
    track.onunmute = () => events.interrupted(false)
  }
  const ifActive = (run: () => void) => recorder.state !== 'inactive' && run()
  return {
    start: () => recorder.start(PART_MS),
    pause: () => void ifActive(() => recorder.pause()),
    resume: () => void ifActive(() => recorder.resume()),
    flush: () => void ifActive(() => recorder.requestData()),
    stop: async () => {
      if (ifActive(() => recorder.stop()) !== false) await stopped
    },
    level: () => meter.read(),
    close: () => {
      for (const track of stream.getTracks()) {
        track.onended = track.onmute = track.onunmute = null
        track.stop()
      }
      meter.close()
    },
  }
}

function newMeter(stream: MediaStream): { read(): number; close(): void } {
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  // Nearly all of the tenth of a second between two looks.
  analyser.fftSize = 4096
  context.createMediaStreamSource(stream).connect(analyser)
  // A phone suspends it while another app uses the sound.
  context.onstatechange = () => context.state === 'suspended' && void context.resume().catch(() => undefined)
  const samples = new Float32Array(analyser.fftSize)
  return {
    read: () => {
      analyser.getFloatTimeDomainData(samples)
      let sum = 0
      for (const sample of samples) sum += sample * sample
      return Math.round(Math.sqrt(sum / samples.length) * SCALE)
    },
    close: () => {
      context.onstatechange = null
      void context.close()
    },
  }
}
