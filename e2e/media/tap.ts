import type { BrowserContext } from 'playwright-core'

/** Two cores carry several of these. */
const small = { width: 320, height: 180, frameRate: 8 }

export type TapOptions = {
  /** Where media go instead of to the node: a relay of ours. */
  mediaPort?: number
  /** Of the camera; two cores do not bear more. */
  camera?: { width: number; height: number; frameRate: number }
  /** Nothing goes but through a relay, which is reached in this way only. */
  relay?: 'udp' | 'tcp'
  /** The devices open, and nothing comes out of them before they are opened once more. */
  dead?: boolean
  /** Only these candidates of the node are known to the page. */
  protocol?: 'udp' | 'tcp'
}

declare global {
  var tapped: RTCPeerConnection[]
}

/** Lets a test see every connection of the pages of a context, and where it goes. */
export async function tapMedia(context: BrowserContext, options: TapOptions = {}): Promise<void> {
  people += 1
  await context.addInitScript(tap, { camera: small, ...options, person: people })
}

let people = 0

function tap({ mediaPort, camera, protocol, relay, dead, person }: TapOptions & { person: number }): void {
  globalThis.tapped = []
  if (relay) localStorage.setItem('veche-devices', JSON.stringify({ relayOnly: true }))
  const Real = globalThis.RTCPeerConnection
  globalThis.RTCPeerConnection = class extends Real {
    constructor(configuration?: RTCConfiguration) {
      super(relay ? { ...configuration, iceServers: configuration?.iceServers?.map(reachedBy) ?? [] } : configuration)
      globalThis.tapped.push(this)
    }

    override setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      const sdp = description.sdp?.split('\r\n').flatMap(redirected).join('\r\n')
      return super.setRemoteDescription(sdp === undefined ? description : { ...description, sdp })
    }
  }

  function reachedBy(server: RTCIceServer): RTCIceServer {
    return { ...server, urls: [server.urls].flat().filter((url) => url.endsWith(`transport=${relay}`)) }
  }

  const { mediaDevices } = navigator
  if (mediaDevices) {
    const open = mediaDevices.getUserMedia.bind(mediaDevices)
    let lively = !dead
    mediaDevices.getUserMedia = (wanted) => {
      if (!lively) {
        lively = true
        return Promise.resolve(new MediaStream([silence(), still()]))
      }
      return camera && typeof wanted?.video === 'object' ? openOwn(wanted, wanted.video) : open(wanted)
    }
    const openOwn = async (wanted: MediaStreamConstraints, video: MediaTrackConstraints) => {
      const devices = await mediaDevices.enumerateDevices()
      // The second one measures depth, which no encoder takes.
      const cameras = devices.filter(({ kind, label }) => kind === 'videoinput' && label !== 'fake_device_1')
      const mine = cameras[person % cameras.length]?.deviceId
      return open({ ...wanted, video: { ...(mine ? { deviceId: { exact: mine } } : {}), ...video, ...camera } })
    }
  }

  function silence(): MediaStreamTrack {
    return new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0]!
  }

  function still(): MediaStreamTrack {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 })
    canvas.getContext('2d')?.fillRect(0, 0, 320, 180)
    return canvas.captureStream(0).getVideoTracks()[0]!
  }

  function redirected(line: string): string[] {
    const found = /^(a=candidate:\S+ \d+ )(udp|tcp)( \d+ \S+ )(\d+)( .*)$/.exec(line)
    if (!found) return [line]
    const [, start, kind, middle, port, rest] = found
    if ((protocol ?? (mediaPort ? 'udp' : kind)) !== kind) return []
    return [`${start}${kind}${middle}${mediaPort ?? port}${rest}`]
  }
}
