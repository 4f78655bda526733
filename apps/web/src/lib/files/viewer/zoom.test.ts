import { describe, expect, test } from 'vitest'
import {
  directionOf,
  fit,
  maxScale,
  pinch,
  shownPixels,
  swipeOutcome,
  wholePicture,
  withinBounds,
  zoomAt,
} from './zoom.ts'

const stage = { width: 360, height: 640 }

describe('the size of a picture', () => {
  test('it fits the stage and keeps its shape', () => {
    expect(fit({ width: 4000, height: 3000 }, stage)).toEqual({ width: 360, height: 270 })
    expect(fit({ width: 1000, height: 6400 }, stage)).toEqual({ width: 100, height: 640 })
  })

  test('a small picture is not made larger', () => {
    expect(fit({ width: 100, height: 50 }, stage)).toEqual({ width: 100, height: 50 })
  })

  test('one whose size nobody knows takes the stage', () => {
    expect(fit({ width: 0, height: 0 }, stage)).toEqual(stage)
  })

  test('every pixel of a large one can be seen twice as large, within bounds', () => {
    expect(maxScale({ width: 1440, height: 1 }, { width: 360, height: 1 })).toBe(8)
    expect(maxScale({ width: 360, height: 1 }, { width: 360, height: 1 })).toBe(3)
    expect(maxScale({ width: 40_000, height: 1 }, { width: 360, height: 1 })).toBe(12)
  })
})

describe('zoom', () => {
  test('what is under the pointer stays under it', () => {
    const at = { x: 50, y: -20 }
    const zoomed = zoomAt({ scale: 2, x: 10, y: 5 }, 4, at, 8)
    const under = ({ scale, x, y }: typeof zoomed) => [(at.x - x) / scale, (at.y - y) / scale]
    expect(under(zoomed)).toEqual(under({ scale: 2, x: 10, y: 5 }))
  })

  test('it ends at the whole picture and at the largest scale', () => {
    expect(zoomAt(wholePicture, 0.2, { x: 0, y: 0 }, 8).scale).toBe(1)
    expect(zoomAt(wholePicture, 99, { x: 0, y: 0 }, 8).scale).toBe(8)
  })

  test('no edge of the picture leaves the edge of the stage', () => {
    const fitted = { width: 360, height: 270 }
    expect(withinBounds({ scale: 2, x: 999, y: 999 }, fitted, stage)).toEqual({ scale: 2, x: 180, y: 0 })
    expect(withinBounds({ scale: 4, x: -999, y: -999 }, fitted, stage)).toEqual({ scale: 4, x: -540, y: -220 })
    expect(withinBounds({ scale: 1, x: 3, y: -3 }, fitted, stage)).toEqual(wholePicture)
  })

  test('two fingers that move apart zoom, and the picture goes where their middle goes', () => {
    const from = [
      { x: -50, y: 0 },
      { x: 50, y: 0 },
    ] as Parameters<typeof pinch>[1]
    const to = [
      { x: -90, y: 10 },
      { x: 110, y: 10 },
    ] as Parameters<typeof pinch>[1]
    expect(pinch(wholePicture, from, to, 8)).toEqual({ scale: 2, x: 10, y: 10 })
  })
})

describe('a finger', () => {
  test('it has to move a little before its direction counts', () => {
    expect(directionOf({ x: 3, y: 3 })).toBe(null)
    expect(directionOf({ x: -20, y: 5 })).toBe('sideways')
    expect(directionOf({ x: 5, y: 20 })).toBe('down')
  })

  test('to the left is the next picture, to the right the one before, and down closes', () => {
    expect(swipeOutcome('sideways', { x: -80, y: 0 }, 500)).toBe('next')
    expect(swipeOutcome('sideways', { x: 80, y: 0 }, 500)).toBe('previous')
    expect(swipeOutcome('down', { x: 0, y: 120 }, 500)).toBe('close')
  })

  test('a short slow movement is none, and a quick one is a swipe', () => {
    expect(swipeOutcome('sideways', { x: -40, y: 0 }, 500)).toBe(null)
    expect(swipeOutcome('sideways', { x: -40, y: 0 }, 50)).toBe('next')
  })

  test('up does nothing, however far it goes', () => {
    expect(swipeOutcome('down', { x: 0, y: -300 }, 100)).toBe(null)
  })
})

test('a preview is too small as soon as the screen shows more pixels than it has', () => {
  expect(shownPixels({ width: 360, height: 270 }, 2, 3)).toBe(2160)
})
