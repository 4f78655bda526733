import { treeCpuSeconds } from './processes.ts'

export type CpuUse = { server: number; postgres: number; redis: number; client: number }

/** Starts to count; the returned function tells the CPU seconds since then. The client is this process. */
export function startCpuMeter(processes: { server: number; postgres: number; redis?: number }): () => CpuUse {
  const read = (): CpuUse => ({
    server: treeCpuSeconds(processes.server),
    postgres: treeCpuSeconds(processes.postgres),
    redis: processes.redis ? treeCpuSeconds(processes.redis) : 0,
    client: ownCpuSeconds(),
  })
  const before = read()
  return () => {
    const now = read()
    return {
      server: now.server - before.server,
      postgres: now.postgres - before.postgres,
      redis: now.redis - before.redis,
      client: now.client - before.client,
    }
  }
}

/** CPU seconds for a thousand of what was counted. */
export function perThousand({ server, postgres, redis, client }: CpuUse, count: number): CpuUse {
  const per = (seconds: number) => (seconds * 1_000) / count
  return { server: per(server), postgres: per(postgres), redis: per(redis), client: per(client) }
}

export function allServers({ server, postgres, redis }: Omit<CpuUse, 'client'>): number {
  return server + postgres + redis
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
