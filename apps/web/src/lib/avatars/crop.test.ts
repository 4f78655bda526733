import { expect, test } from 'vitest'
import { type Crop, maxZoom, movePicture, type UncutSize, wholeCrop, zoomOf, zoomPicture } from './crop.ts'

const wide: UncutSize = { width: 1200, height: 800 }

test('a picture begins with its largest square, from the middle', () => {
  expect(wholeCrop(wide)).toEqual({ left: 200, top: 0, side: 800 })
  expect(wholeCrop({ width: 3, height: 4001 })).toEqual({ left: 0, top: 1999, side: 3 })
})

test('a drag by a part of the frame moves the picture by that part, and never past its edge', () => {
  const whole = wholeCrop(wide)
  expect(movePicture(whole, wide, 0.1, 0.1)).toEqual({ left: 120, top: 0, side: 800 })
  expect(movePicture(whole, wide, 7, -7)).toEqual({ left: 0, top: 0, side: 800 })
  expect(movePicture(whole, wide, -7, 0)).toEqual({ left: 400, top: 0, side: 800 })
})

test('what is under the pointer stays there while the picture is zoomed', () => {
  const crop = zoomPicture(wholeCrop(wide), wide, 2, 0.25, 0.75)
  expect(zoomOf(crop, wide)).toBe(2)
  expect([crop.left + 0.25 * crop.side, crop.top + 0.75 * crop.side]).toEqual([200 + 0.25 * 800, 0.75 * 800])
})

test('the zoom ends where the whole square is shown, and where pixels would be seen', () => {
  const whole = wholeCrop(wide)
  expect(zoomPicture(zoomPicture(whole, wide, 3), wide, 0.2)).toEqual(whole)
  expect(zoomOf(zoomPicture(whole, wide, 99), wide)).toBe(maxZoom(wide))
  expect([maxZoom(wide), maxZoom({ width: 40, height: 50 }), maxZoom({ width: 9000, height: 9000 })]).toEqual([
    4, 3, 10,
  ])
})

test('a crop stays inside of the picture whatever is done to it', () => {
  let seed = 7
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647
  for (const size of [wide, { width: 1, height: 1 }, { width: 30, height: 5000 }]) {
    let crop: Crop = wholeCrop(size)
    for (let step = 0; step < 500; step += 1) {
      const [x, y] = [random() * 4 - 2, random() * 4 - 2]
      crop = step % 2 ? movePicture(crop, size, x, y) : zoomPicture(crop, size, random() * 12, random(), random())
      expect(crop.left).toBeGreaterThanOrEqual(0)
      expect(crop.top).toBeGreaterThanOrEqual(0)
      expect(crop.left + crop.side).toBeLessThanOrEqual(size.width + 1e-6)
      expect(crop.top + crop.side).toBeLessThanOrEqual(size.height + 1e-6)
    }
  }
})
