import type { FastifyInstance } from 'fastify'
import type { Deps } from '../deps.ts'

export function serveMailbox(_http: FastifyInstance, _deps: Deps): void {}
