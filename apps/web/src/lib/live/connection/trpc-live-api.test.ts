import { createTRPCClient, httpBatchLink } from '@trpc/client'
import type { AppRouter } from '@veche/api/router'
import { newId, type UserId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import { MAX_URL_BYTES } from '../../api/client.ts'
import { MAX_PEOPLE_PER_REQUEST } from '../receiver/PeopleFetcher.ts'
import { trpcLiveApi } from './trpc-live-api.ts'

test('the longest query fits into an address that nginx accepts without special settings', async () => {
  const addresses: string[] = []
  const fetch = (url: unknown) => {
    addresses.push(String(url))
    return Promise.resolve(Response.json([{ result: { data: [] } }]))
  }
  const link = httpBatchLink({ url: 'https://chat.example.org/api/trpc', maxURLLength: MAX_URL_BYTES, fetch })
  const api = trpcLiveApi(createTRPCClient<AppRouter>({ links: [link] }), { url: () => '' })
  const ids = Array.from({ length: MAX_PEOPLE_PER_REQUEST }, () => newId<UserId>())
  await api.people(ids)
  await api.presence(ids)
  expect(addresses.map((address) => `GET ${address} HTTP/1.1\r\n`.length < 8_192)).toEqual([true, true])
})
