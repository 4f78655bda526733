import type { BrowserContext } from 'playwright-core'
import type { Device } from '../browser/Device.ts'

/** A camera picture that is small enough for two cores to carry several of them. */
const small = { width: 160, height: 90, frameRate: 5 }

export type MediaOptions = {
  /** The port of a relay of ours, to which media go instead of to the node. */
  mediaPort?: number
  /** The size of the camera's picture. */
  camera?: { width: number; height: number; frameRate: number }
  /** Media go through TURN only, which is reached by this protocol. */
  relay?: 'udp' | 'tcp'
  /** The devices open, but deliver nothing before they are opened once more. */
  deadDevices?: boolean
  /** The page learns only these candidates of the node. */
  protocol?: 'udp' | 'tcp'
}

/** A device of a test, or a browser context. */
export type ScriptedPages = Pick<Device, 'addInitScript'> | Pick<BrowserContext, 'addInitScript'>

declare global {
  var peerConnections: RTCPeerConnection[]
}

/** Keeps every RTCPeerConnection of these pages, so that a test can read its statistics. */
export async function recordPeerConnections(pages: ScriptedPages, options: MediaOptions = {}): Promise<void> {
  people += 1
  await pages.addInitScript(keepConnections, { camera: small, ...options, person: people })
}

let people = 0

function keepConnections({
  mediaPort,
  camera,
  protocol,
  relay,
  deadDevices,
  person,
}: MediaOptions & { person: number }): void {
  globalThis.peerConnections = []
  // An empty page of Firefox may not store anything, whatever its address.
  if (relay && globalThis.origin !== 'null') localStorage.setItem('veche-devices', JSON.stringify({ relayOnly: true }))
  const Native = globalThis.RTCPeerConnection
  globalThis.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(relay ? { ...configuration, iceServers: configuration?.iceServers?.map(reachedBy) ?? [] } : configuration)
      globalThis.peerConnections.push(this)
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
    let delivers = !deadDevices
    mediaDevices.getUserMedia = (wanted) => {
      if (!delivers) {
        delivers = true
        return Promise.resolve(new MediaStream([silence(), still()]))
      }
      return camera && typeof wanted?.video === 'object' ? openOwn(wanted, wanted.video) : open(wanted)
    }
    const openOwn = async (wanted: MediaStreamConstraints, video: MediaTrackConstraints) => {
      const devices = await mediaDevices.enumerateDevices()
      // The second camera measures depth, which no encoder takes.
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
