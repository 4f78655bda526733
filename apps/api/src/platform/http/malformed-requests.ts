import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { AppError } from '../../errors.ts'

/** tRPC makes a `Request` of each request. Where none can be made it would throw, and strangers could fill the log with errors. */
export function refuseMalformedRequests(http: FastifyInstance): void {
  http.addHook('onRequest', async ({ raw }) => {
    if (!isWellFormed(raw)) throw new AppError('input.invalid')
  })
}

function isWellFormed({ method, url = '/', headers: { host = 'localhost' } }: IncomingMessage): boolean {
  const address = URL.parse(url, `http://${host}`)
  return address !== null && !address.username && !address.password && method !== 'TRACE'
}
