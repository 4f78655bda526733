import { createServer } from 'node:net'
import { errorCode, reason, Trouble } from './trouble.ts'

/** Why nobody could listen there, or nothing when the port is free. */
export function portProblem(port: number, host = '0.0.0.0') {
  return new Promise<string | undefined>((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve(problem(port, host, error)))
    server.listen(port, host, () => server.close(() => resolve(undefined)))
  })
}

export async function needPort(setting: string, port: number, host: string) {
  const problem = await portProblem(port, host)
  if (problem) throw new Trouble(`${problem}; choose another with ${setting}=${port < 1024 ? port + 8000 : port + 1}.`)
}

function problem(port: number, host: string, error: unknown) {
  const known: Record<string, string> = {
    EADDRINUSE: `Port ${port} is taken by another program`,
    EACCES: `Port ${port} is not open to this account (ports below 1024 belong to root)`,
    EADDRNOTAVAIL: `${host} is no address of this machine`,
  }
  return known[errorCode(error)] ?? `Port ${port} cannot be used (${reason(error)})`
}
