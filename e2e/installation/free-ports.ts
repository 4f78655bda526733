import { createServer, type Server } from 'node:net'

/** Ports that nobody listens on, held together so that no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)))
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** The first of `count` ports in a row that nobody listens on. */
export async function freeRange(count: number): Promise<number> {
  for (;;) {
    const [first = 0] = await freePorts(1)
    const held = await Promise.allSettled(Array.from({ length: count }, (_, at) => listen(first + at)))
    const servers = held.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    if (servers.length === count) return first
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
