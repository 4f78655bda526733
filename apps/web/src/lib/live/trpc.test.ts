import { createTRPCClient, httpBatchLink } from '@trpc/client'
import type { AppRouter } from '@veche/api/router'
import { newId, type UserId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import { URL_BYTES } from '../api/client.ts'
import { PEOPLE_AT_ONCE } from './Intake.ts'
import { liveApi } from './trpc.ts'

test('the longest question fits into an address that nginx takes as it comes', async () => {
  const addresses: string[] = []
  const fetch = (url: unknown) => {
    addresses.push(String(url))
    return Promise.resolve(Response.json([{ result: { data: [] } }]))
  }
  const link = httpBatchLink({ url: 'https://chat.example.org/api/trpc', maxURLLength: URL_BYTES, fetch })
  const api = liveApi(createTRPCClient<AppRouter>({ links: [link] }), { url: () => '' })
  const ids = Array.from({ length: PEOPLE_AT_ONCE }, () => newId<UserId>())
  await api.people(ids)
  await api.presence(ids)
  expect(addresses.map((address) => `GET ${address} HTTP/1.1\r\n`.length < 8_192)).toEqual([true, true])
})
