import { AppError, wireError } from '../../api/error.ts'

/** The error in the answer of an HTTP route, which has no envelope of tRPC. */
export function errorInAnswer(body: string, status: number): AppError {
  const wire = wireError({ veche: parsed(body) })
  if (wire) return new AppError(wire.code, wire)
  if (status === 429) return new AppError('request.too_many')
  return new AppError(status >= 500 ? 'network.unreachable' : 'server.error')
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}
