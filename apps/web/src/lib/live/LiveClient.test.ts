import fc from 'fast-check'
import { beforeEach, test } from 'vitest'
import { AppError } from '../api/error.ts'
import { newEngineTest } from '../test/engine-test.ts'
import { isLong } from '../test/long.ts'

let { environment, server, network, me, friend, chat, startTab, expectEqual } = newEngineTest()
beforeEach(() => void ({ environment, server, network, me, friend, chat, startTab, expectEqual } = newEngineTest()))

test('any order of losses and changes leaves the client equal to the server', async () => {
  const act = fc.constantFrom(
    'send',
    'send',
    'send',
    'edit',
    'delete',
    'remove',
    'add',
    'cut',
    'hello',
    'read',
    'seen',
    'pass',
    'burst',
  )
  const plan = fc.array(fc.record({ act, n: fc.nat(30) }), { maxLength: 60, size: 'max' })
  const law = fc.asyncProperty(plan, fc.infiniteStream(fc.nat(9)), async (steps, chance) => {
    let isCalm = false
    const loseSome = async () => {
      if (!isCalm && (chance.next().value as number) < 2) throw new AppError('network.unreachable')
    }
    const device = `storm ${Math.random()}`
    const tab = await startTab({ device, faults: { before: loseSome, after: loseSome } })
    for (const { act, n } of steps) {
      const seq = (server.chats.get(chat)?.seq ?? 0) - n
      const member = server.isMember(chat, me)
      if (act === 'send') server.send(chat, friend, `text ${n}`)
      else if (act === 'burst') for (let i = 0; i < n; i++) server.send(chat, friend, 'burst')
      else if (act === 'edit') server.edit(chat, seq, 'edited')
      else if (act === 'delete') server.delete(chat, seq)
      else if (act === 'remove') server.removeMember(chat, me)
      else if (act === 'add') server.addMember(chat, me)
      else if (act === 'cut') network.cut()
      else if (act === 'hello') network.hello()
      else if (act === 'read' && member) server.read(chat, me, seq)
      else if (act === 'seen') await tab.live.readPositions.markRead(chat, seq)
      else if (act === 'pass') await environment.pass(n * 100)
    }
    isCalm = true
    server.addMember(chat, me)
    network.cut()
    await environment.until('it is online', () => tab.live.status === 'online')
    await environment.pass(30_000)
    await tab.live.caughtUp()
    await expectEqual(tab)
    tab.kill()
  })
  await fc.assert(law, { numRuns: isLong ? 60 : 20 })
})
