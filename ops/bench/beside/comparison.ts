import { profiledEnvironment } from '../installation/cpu-profile.ts'
import type { OtherServer, SharedPart } from '../chat/options.ts'
import type { ChatServer } from './ChatServer.ts'
import { EjabberdServer } from './EjabberdServer.ts'
import { ProsodyServer } from './ProsodyServer.ts'
import { measureServer, type ServerRound } from './server-round.ts'
import { VecheServer } from './VecheServer.ts'

export type ComparisonOptions = {
  beside: OtherServer[]
  only: SharedPart[]
  rounds: number
  seconds?: number
  profile?: string
}

const deliverySeconds = 240
const loopSeconds = 20
const warmSeconds = 5

/** The same work for each server in turns, each on a fresh Postgres, in every round. */
export async function compareServers(
  options: ComparisonOptions,
  say: (sentence: string) => void,
  within: <T>(name: string, work: Promise<T>) => Promise<T>,
): Promise<ServerRound[]> {
  const open: Record<'veche' | OtherServer, () => Promise<ChatServer>> = {
    veche: () => VecheServer.open(profiledEnvironment(options.profile)),
    ejabberd: () => EjabberdServer.open(),
    prosody: () => ProsodyServer.open(),
  }
  const plan = {
    only: options.only,
    deliverySeconds: options.seconds ?? deliverySeconds,
    loopSeconds: options.seconds ?? loopSeconds,
    warmSeconds: Math.min(warmSeconds, options.seconds ?? warmSeconds),
  }
  const measure = async (name: keyof typeof open) => {
    const server = await open[name]()
    try {
      return await measureServer(server, plan)
    } catch (error) {
      console.error(server.lastLines)
      throw error
    } finally {
      await server.stop()
    }
  }
  const results: ServerRound[] = []
  for (let round = 0; round < options.rounds; round += 1)
    for (const name of orderOfRound(['veche', ...options.beside] as const, round)) {
      say(`Round ${round + 1} of ${options.rounds}: ${name}`)
      results.push(await within(name, measure(name)))
    }
  return results
}

/** Another server begins each round, and every second round goes backwards, so that none always follows the same one. */
export function orderOfRound<T>(names: readonly T[], round: number): T[] {
  const first = round % names.length
  const turned = [...names.slice(first), ...names.slice(0, first)]
  return round % 2 ? [turned[0]!, ...turned.slice(1).reverse()] : turned
}
