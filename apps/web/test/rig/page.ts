import type { DialogId, MeetingId, UserId } from '@veche/shared/ids'
import { AppError, type AppErrorCode } from '../../src/lib/api/error.ts'
import { type Call, openCall } from '../../src/lib/meetings/call/Call.svelte.ts'
import { callToReturnTo, thisTab } from '../../src/lib/meetings/call/return.ts'
import { Devices } from '../../src/lib/meetings/devices/Devices.svelte.ts'

/** The engine of a call as a page: no screens, and an API that only hands out places. Tests open it in a real browser. */
const parameters = new URLSearchParams(location.search)
const name = parameters.get('name') ?? ''
const devices = new Devices()

const meetings = {
  join: {
    mutate: async (ask: object, { signal }: { signal: AbortSignal }) => {
      const body = JSON.stringify({ ...ask, name })
      const answer = await fetch('/join', { method: 'POST', body, signal }).catch(() => null)
      if (!answer) throw new AppError('network.unreachable')
      if (!answer.ok) throw new AppError((await answer.text()) as AppErrorCode)
      return answer.json()
    },
  },
  relays: { query: async () => ({ iceServers: [] }) },
}

function join(): void {
  const me = { userId: name as UserId, name }
  const meetingId = (parameters.get('meeting') ?? '') as MeetingId
  const call = openCall({ api: { meetings } as never, me, meetingId, dialogId: '' as DialogId, devices })
  rig.call = call
  const draw = () => {
    show(call)
    requestAnimationFrame(draw)
  }
  draw()
}

/** What screens do, at its plainest: an element for each picture. */
function show(call: Call): void {
  const screens = call.screens.map(({ seatId, stream }) => [`${seatId} screen`, stream] as const)
  for (const [id, stream] of [...call.tiles.map(({ key, video }) => [key, video] as const), ...screens]) {
    const element = document.getElementById(id) ?? newVideo(id)
    if (element instanceof HTMLVideoElement && element.srcObject !== stream) element.srcObject = stream
  }
}

function newVideo(id: string): HTMLElement {
  return document.body.appendChild(Object.assign(document.createElement('video'), { id, muted: true, autoplay: true }))
}

function shown() {
  const { phase, ended, trouble, sharing, soundBlocked, mic, cam, tiles, screens } = rig.call
  return {
    phase,
    ended,
    trouble,
    sharing,
    soundBlocked,
    mic: { on: mic.on, blocked: mic.blocked, silent: mic.silent, level: mic.level },
    cam: { on: cam.on, blocked: cam.blocked, silent: cam.silent },
    screens: screens.length,
    tiles: tiles.map((tile) => ({
      name: tile.name,
      me: tile.me,
      away: tile.away,
      mic: tile.mic,
      camOn: tile.camOn,
      video: tile.video !== null,
      frozen: tile.frozen,
    })),
  }
}

async function returns() {
  return { tab: await thisTab(), meetingId: (await callToReturnTo())?.meetingId ?? null }
}

const rig = { devices, join, shown, returns, call: undefined as unknown as Call }
declare global {
  var rig: {
    devices: Devices
    join(): void
    shown(): ReturnType<typeof shown>
    returns: typeof returns
    call: Call
  }
}
globalThis.rig = rig
void returns()
void devices.start()
