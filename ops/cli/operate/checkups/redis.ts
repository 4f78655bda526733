import { redisBinary } from '../../parts/redis.ts'
import { reason } from '../../errors.ts'
import { broken, doubtful, fine, idle, type Finding, type CheckupInput } from './finding.ts'

export async function redis({ settings, state }: CheckupInput): Promise<Finding[]> {
  const url = settings.redisUrl ?? state?.redisUrl
  if (!url)
    return redisBinary()
      ? [idle('Redis', 'is installed and starts with "./veche up"')]
      : [broken('Redis', 'is not installed', '"./veche up" installs redis-server.')]
  const { Redis } = await import('ioredis')
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 3_000,
    maxRetriesPerRequest: 0,
  })
  let cause = ''
  client.on('error', (error: Error) => (cause = error.message))
  try {
    await client.connect()
    const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? 'of an unknown version'
    const policy = /maxmemory_policy:(\S+)/.exec(await client.info('memory'))?.[1]
    if (policy && policy !== 'noeviction')
      return [
        doubtful(
          'Redis',
          `${version} evicts keys (${policy})`,
          'Set maxmemory-policy to noeviction: queues must not lose entries.',
        ),
      ]
    return [fine('Redis', version)]
  } catch (error) {
    const cure = 'Everything goes on more slowly without it. Check REDIS_URL and that the server runs.'
    return [broken('Redis', `does not answer (${cause || reason(error)})`, cure)]
  } finally {
    client.disconnect()
  }
}
