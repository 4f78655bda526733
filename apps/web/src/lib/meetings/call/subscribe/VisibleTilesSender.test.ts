import type { SeatId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { VisibleTilesSender } from './VisibleTilesSender.ts'

const tile = (name: string, width = 320) => ({ seatId: name as SeatId, source: 'cam' as const, width, height: 180 })

test('changes within 60 ms are sent in one message, and those that follow when there was none for 300 ms', async () => {
  const { environment, sender, sent } = newSender()
  sender.set([])
  sender.set([tile('a')])
  expect(sent).toEqual([])
  await environment.pass(60)
  expect(sent).toEqual([[tile('a')]])
  sender.set([tile('a', 400)])
  await environment.pass(200)
  sender.set([tile('a', 500)])
  await environment.pass(299)
  expect(sent).toHaveLength(1)
  await environment.pass(1)
  expect(sent.slice(1)).toEqual([[tile('a', 500)]])
})

test('tiles that have not changed are not sent again', async () => {
  const { environment, sender, sent } = newSender()
  sender.set([tile('a')])
  await environment.pass(60)
  sender.set([tile('b')])
  sender.set([tile('a')])
  await environment.pass(1_000)
  sender.set([tile('a')])
  await environment.pass(1_000)
  expect(sent).toHaveLength(1)
})

test('another node is sent the tiles that are visible now', async () => {
  const { environment, sender, sent } = newSender()
  sender.set([tile('a')])
  await environment.pass(1_000)
  sender.sendAgain()
  expect(sent).toEqual([[tile('a')], [tile('a')]])
})

test('tiles that the node refused are sent again a second later, as they are then', async () => {
  const { environment, sender, sent } = newSender()
  sender.set([tile('a')])
  await environment.pass(60)
  sender.sendLater()
  await environment.pass(999)
  expect(sent).toHaveLength(1)
  await environment.pass(1)
  expect(sent).toEqual([[tile('a')], [tile('a')]])
})

test('nothing is sent after stopping', async () => {
  const { environment, sender, sent } = newSender()
  sender.set([tile('a')])
  await environment.pass(60)
  sender.set([tile('b')])
  sender.stop()
  await environment.pass(1_000)
  expect(sent).toHaveLength(1)
})

function newSender() {
  const environment = new TestEnvironment()
  const sent: unknown[] = []
  return { environment, sent, sender: new VisibleTilesSender(environment.forTab(), (tiles) => sent.push(tiles)) }
}
