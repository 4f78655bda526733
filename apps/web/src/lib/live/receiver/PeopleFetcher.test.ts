import { beforeEach, expect, test } from 'vitest'
import { AppError } from '../../api/error.ts'
import { newEngineTest } from '../../test/engine-test.ts'

let { environment, server, chat, openTab } = newEngineTest()
beforeEach(() => void ({ environment, server, chat, openTab } = newEngineTest()))

test('people whose rows could not be fetched are fetched again, although the connection stays', async () => {
  let failures = 0
  const tab = await openTab({
    wrapApi: (api) => ({
      ...api,
      people: async (ids) => {
        if (failures++ < 3) throw new AppError('network.timeout')
        return await api.people(ids)
      },
    }),
  })
  await environment.quiet()
  failures = 0
  const vera = server.newPerson('Vera')
  server.addMember(chat, vera)
  server.send(chat, vera, 'hello')
  const name = async () => (await tab.store.read((tx) => tx.get('people', vera)))?.name
  await environment.until('her name is there', async () => (await name()) === 'Vera')
  expect(failures).toBeGreaterThan(3)
  expect(tab.live.status).toBe('online')
})
