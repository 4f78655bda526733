import type { BrowserContext } from 'playwright-core'

/** What the camera of a page shows instead of the browser's test picture: a person before a wall; and a shared screen: a slide. */
export type DrawnCamera = { hue: number; slide: { title: string; lines: string[] } }

export async function drawCamera(context: BrowserContext, painting: DrawnCamera): Promise<void> {
  await context.addInitScript(brush, painting)
}

function brush({ hue, slide }: DrawnCamera): void {
  const { mediaDevices } = navigator
  if (!mediaDevices) return
  const open = mediaDevices.getUserMedia.bind(mediaDevices)
  mediaDevices.getUserMedia = async (wanted) => {
    if (!wanted?.video) return open(wanted)
    const { track } = painted(640, 360, portrait)
    const sound = wanted.audio ? (await open({ audio: wanted.audio })).getTracks() : []
    return new MediaStream([track, ...sound])
  }
  mediaDevices.getDisplayMedia = () => Promise.resolve(new MediaStream([painted(1280, 720, board).track]))

  function painted(width: number, height: number, draw: (pen: CanvasRenderingContext2D, time: number) => void) {
    const canvas = Object.assign(document.createElement('canvas'), { width, height })
    const pen = canvas.getContext('2d')
    const [track] = canvas.captureStream(8).getVideoTracks()
    if (!pen || !track) throw new Error('nothing to paint on')
    setInterval(() => draw(pen, performance.now() / 1_000), 125)
    return { track }
  }

  function portrait(pen: CanvasRenderingContext2D, time: number): void {
    const wall = pen.createLinearGradient(0, 0, 640, 360)
    wall.addColorStop(0, `oklch(0.52 0.07 ${hue})`)
    wall.addColorStop(1, `oklch(0.3 0.05 ${hue + 40})`)
    pen.fillStyle = wall
    pen.fillRect(0, 0, 640, 360)
    const sway = Math.sin(time + hue) * 4
    pen.fillStyle = `oklch(0.45 0.1 ${hue + 150})`
    pen.beginPath()
    pen.ellipse(320 + sway, 400, 150, 140, 0, 0, Math.PI * 2)
    pen.fill()
    pen.fillStyle = `oklch(0.78 0.06 ${50 + (hue % 20)})`
    pen.beginPath()
    pen.ellipse(320 + sway, 190, 78, 92, 0, 0, Math.PI * 2)
    pen.fill()
    pen.fillStyle = `oklch(0.32 0.05 ${30 + (hue % 60)})`
    pen.beginPath()
    pen.ellipse(320 + sway, 140, 84, 58, 0, Math.PI, Math.PI * 2)
    pen.fill()
  }

  function board(pen: CanvasRenderingContext2D): void {
    pen.fillStyle = '#fbfaf7'
    pen.fillRect(0, 0, 1280, 720)
    pen.fillStyle = '#1d2326'
    pen.font = '650 52px "Golos Text Variable", sans-serif'
    pen.fillText(slide.title, 90, 140)
    pen.font = '30px "Golos Text Variable", sans-serif'
    slide.lines.forEach((line, at) => pen.fillText(line, 90, 230 + at * 58))
    pen.fillStyle = '#23907f'
    ;[90, 160, 130, 210, 190, 260].forEach((tall, at) => pen.fillRect(780 + at * 70, 640 - tall, 52, tall))
  }
}
