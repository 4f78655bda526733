import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { type Env, foreignFilesOrigin } from '../../env.ts'

/** The web app: its files as they were built, and its one page for every path that is a screen. */
export async function serveWebApp(http: FastifyInstance, env: Env): Promise<void> {
  const shell = join(env.WEB_BUILD, '200.html')
  const page = existsSync(shell) ? readFileSync(shell, 'utf8') : undefined
  const headers = securityHeaders(env, page ?? '')
  http.addHook('onRequest', async (_req, reply) => void reply.headers(headers))
  if (page)
    await http.register(fastifyStatic, {
      root: resolve(env.WEB_BUILD),
      wildcard: false,
      index: false,
      preCompressed: true,
      setHeaders: setCacheHeader,
    })
  await http.register(async (scope) => {
    // The service worker answers this. Without one, what another app has shared cannot be kept, and the page says so.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_req, payload, done) => {
      payload.resume()
      done(null)
    })
    scope.post('/share', (_req, reply) => reply.redirect('/share', 303))
  })
  http.setNotFoundHandler((req, reply) => {
    const isScreen =
      (req.method === 'GET' || req.method === 'HEAD') &&
      !/^\/(api|sfu|dev)(\/|$)/.test(req.url) &&
      !/\.[a-z0-9]+$/i.test(req.url.split('?')[0] ?? '')
    if (!isScreen || !page) return reply.code(404).send({ code: 'input.invalid' })
    return reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(page)
  })
}

function setCacheHeader(
  reply: { setHeader?(name: string, value: string): unknown; header?(name: string, value: string): unknown },
  path: string,
): void {
  const value = path.includes('/_app/immutable/') ? 'public, max-age=31536000, immutable' : 'no-cache'
  if (reply.header) reply.header('cache-control', value)
  else reply.setHeader?.('cache-control', value)
}

/** Only the app's own scripts run: its files, and the one inline script of its page, by hash. */
function securityHeaders(env: Env, page: string): Record<string, string> {
  const scripts = [...page.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)]
  const hashes = scripts.map(
    ([, text]) =>
      `'sha256-${createHash('sha256')
        .update(text ?? '')
        .digest('base64')}'`,
  )
  const socket = env.PUBLIC_URL.replace(/^http/, 'ws')
  const files = foreignFilesOrigin(env)
  const policy = {
    'default-src': "'none'",
    'script-src': ["'self'", ...hashes].join(' '),
    'style-src': "'self'",
    'img-src': ["'self' blob: data:", files].filter(Boolean).join(' '),
    'media-src': ["'self' blob:", files].filter(Boolean).join(' '),
    'font-src': "'self'",
    'connect-src': ["'self'", socket, ...env.SFU_ORIGINS].join(' '),
    'manifest-src': "'self'",
    'worker-src': "'self'",
    'form-action': "'self'",
    'base-uri': "'none'",
    'object-src': "'none'",
    'frame-ancestors': "'none'",
  }
  return {
    'content-security-policy': Object.entries(policy)
      .map(([name, value]) => `${name} ${value}`)
      .join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(self), microphone=(self), display-capture=(self), geolocation=()',
    ...(env.PUBLIC_URL.startsWith('https:') ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  }
}
