import { newId, type SeatId, type UserId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import { AppError } from '#lib/api/error.ts'
import { findBeginning } from './call-beginning.ts'

const stay = (cameAt: string, wentAt: string | null) => ({
  userId: newId<UserId>(),
  seatId: newId<SeatId>(),
  cameAt,
  wentAt,
})

test('the clock of a call counts from when somebody first came, also if they have left', async () => {
  const stays = [stay('2026-11-20T10:05:00.000Z', '2026-11-20T10:20:00.000Z'), stay('2026-11-20T10:30:00.000Z', null)]
  expect(await findBeginning(async () => stays)).toBe(Date.parse('2026-11-20T10:05:00.000Z'))
})

test('there is no clock while the server does not tell who came', async () => {
  const failing = () => Promise.reject(new AppError('network.unreachable'))
  expect(await findBeginning(failing)).toBe(0)
})
