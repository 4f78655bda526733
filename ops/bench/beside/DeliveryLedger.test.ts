import { expect, test } from 'vitest'
import { ChatClient } from './ChatServer.ts'
import { DeliveryLedger } from './DeliveryLedger.ts'

class QuietClient extends ChatClient {
  send() {
    return Promise.resolve()
  }
  close() {}
}

function pair() {
  const clients = [new QuietClient('a'), new QuietClient('a'), new QuietClient('b')] as const
  return { clients, ledger: new DeliveryLedger([...clients]) }
}

test('a round is complete when every member of a chat has its messages', async () => {
  const { clients, ledger } = pair()
  const number = ledger.next(clients[0])
  for (const client of clients.slice(0, 2)) client.received(number)
  await ledger.complete(0)
  expect(ledger.received).toBe(2)
})

test('a message that reaches one member twice does not hide that another has not got it', async () => {
  const { clients, ledger } = pair()
  const number = ledger.next(clients[0])
  clients[0].received(number)
  clients[0].received(number)
  await expect(ledger.complete(0)).rejects.toThrow('1 of 2 deliveries arrived, 1 were repeated')
})

test('a message that reaches somebody of another chat fails the run', async () => {
  const { clients, ledger } = pair()
  const number = ledger.next(clients[0])
  for (const client of clients) client.received(number)
  await expect(ledger.complete(0)).rejects.toThrow(
    '2 of 2 deliveries arrived, 1 were repeated or not for their receiver',
  )
})
