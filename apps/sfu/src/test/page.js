// The media of a browser, for tests. Calls to the node go through `call`, which the test provides.
import { Device } from 'mediasoup-client'

const device = new Device()
const transports = { send: null, recv: null }
const producers = {}

window.load = async (routerRtpCapabilities) => {
  await device.load({ routerRtpCapabilities })
  return JSON.parse(JSON.stringify(device.recvRtpCapabilities))
}

/** With `wrongCertificate` it announces another certificate than the one that it uses. */
window.open = (direction, view, wrongCertificate = false) => {
  const transport = direction === 'send' ? device.createSendTransport(view) : device.createRecvTransport(view)
  transport.on('connect', ({ dtlsParameters }, done, failed) => {
    const announced = wrongCertificate
      ? { ...dtlsParameters, fingerprints: dtlsParameters.fingerprints.map(reversed) }
      : dtlsParameters
    window.call('transport.connect', { transportId: transport.id, dtlsParameters: announced }).then(done, failed)
  })
  transport.on('produce', ({ rtpParameters, appData }, done, failed) => {
    const input = { source: appData.source, transportId: transport.id, rtpParameters }
    window.call('media.produce', input).then(done, failed)
  })
  transports[direction] = transport
}

window.restart = (direction, iceParameters) => transports[direction].restartIce({ iceParameters })

window.produce = async (source) => {
  const stream = await navigator.mediaDevices.getUserMedia(source === 'mic' ? { audio: true } : { video: true })
  const encodings =
    source === 'mic' ? undefined : [4, 2, 1].map((by) => ({ scaleResolutionDownBy: by, scalabilityMode: 'L1T3' }))
  const options = {
    track: stream.getTracks()[0],
    appData: { source },
    stopTracks: false,
    ...(encodings && { encodings }),
  }
  producers[source] = await transports.send.produce(options)
  return producers[source].id
}

/** Stereo noise at the highest bitrate of the codec, far more than a voice needs. */
window.produceNoise = async () => {
  const context = new AudioContext()
  const buffer = context.createBuffer(2, context.sampleRate, context.sampleRate)
  for (const channel of [0, 1])
    buffer.getChannelData(channel).forEach((_, index, data) => (data[index] = ((index * 7919) % 1000) / 500 - 1))
  const source = new AudioBufferSourceNode(context, { buffer, loop: true })
  const out = new MediaStreamAudioDestinationNode(context)
  source.connect(out)
  source.start()
  const codecOptions = { opusStereo: true, opusFec: false, opusDtx: false, opusMaxAverageBitrate: 510_000 }
  const producer = await transports.send.produce({
    track: out.stream.getTracks()[0],
    codecOptions,
    appData: { source: 'mic' },
  })
  return producer.id
}

window.consume = async (view) => {
  const consumer = await transports.recv.consume({ ...view, producerId: view.publicationId })
  const element = document.body.appendChild(document.createElement(view.kind))
  element.srcObject = new MediaStream([consumer.track])
  element.muted = view.kind === 'video'
  void element.play()
  await window.call('media.ready', { ids: [view.id] })
}

/** Sums over the streams of one direction, with the cipher and role of its transport. */
window.stats = async (direction) => {
  const sums = { packets: 0, frames: 0, energy: 0, cipher: null, role: null }
  const stats = await transports[direction].getStats()
  for (const one of stats.values()) {
    if (one.type === 'inbound-rtp' || one.type === 'outbound-rtp') {
      sums.packets += one.packetsReceived ?? one.packetsSent ?? 0
      sums.frames += one.framesDecoded ?? one.framesEncoded ?? 0
      sums.energy += one.totalAudioEnergy ?? 0
    }
    if (one.type === 'transport') Object.assign(sums, { cipher: one.srtpCipher, role: one.dtlsRole })
  }
  return sums
}

function reversed({ algorithm, value }) {
  return { algorithm, value: [...value].reverse().join('').replace(/^:|:$/g, '') }
}
