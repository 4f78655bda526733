import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Pool } from 'pg'
import { Engine } from '../chaos/clients/engine.ts'
import { startChild, type Child } from '../../cli/child.ts'
import { checkout } from '../../cli/env.ts'
import type { Figure } from '../figures/figure.ts'
import { family, memoryMb } from '../figures/processes.ts'
import { makeBenchFolder } from '../installation/bench-folder.ts'
import { addChats } from '../installation/chats.ts'
import { freePorts } from '../installation/free-ports.ts'
import { addPeople } from '../installation/people.ts'

export type MemoryOptions = { people: number; seconds: number }

/** The memory of everything that "./veche up" runs, itself included: after the start, and while people chat. */
export async function measureMemory(options: MemoryOptions): Promise<Figure[]> {
  const folder = makeBenchFolder()
  const [port, sfuPort] = await freePorts(2)
  const up = startChild(process.execPath, ['--disable-warning=ExperimentalWarning', 'ops/cli/main.ts', 'up'], {
    cwd: checkout,
    env: { ...quiet(), VECHE_DATA: folder, HOST: '127.0.0.1', PORT: String(port), SFU_PORT: String(sfuPort) },
    stdio: 'ignore',
    orphanSignal: 'TERM',
  })
  try {
    const databaseUrl = await ready(up, folder)
    await wait(options.seconds * 1_000)
    const idle = memoryMb(family(up.pid))
    const busy = await talk(databaseUrl, `http://127.0.0.1:${port}`, up.pid, options)
    return [
      { name: 'Memory of everything, idle', unit: 'MB', values: [idle] },
      {
        name: `Memory of everything, ${options.people} people online and talking`,
        unit: 'MB',
        values: busy,
        aim: { most: 512 },
      },
    ]
  } finally {
    await up.stop(['SIGTERM'], 40_000)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The settings of the bench itself must not reach the installation. */
function quiet(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: process.env['HOME'] }
}

async function ready(up: Child, folder: string): Promise<string> {
  for (let tries = 0; up.running() && tries < 1_200; tries += 1) {
    const state = readState(folder)
    if (state?.ready) return state.databaseUrl
    await wait(100)
  }
  throw new Error('"./veche up" did not become ready')
}

function readState(folder: string): { ready: boolean; databaseUrl: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { ready: boolean; databaseUrl: string }
  } catch {
    return undefined
  }
}

/** An engine of the app for each person, in ten chats. Each sends a message every two seconds; the memory is read five times. */
async function talk(databaseUrl: string, url: string, root: number, { people: count, seconds }: MemoryOptions) {
  const pool = new Pool({ connectionString: databaseUrl, max: 2 })
  const people = await addPeople(pool, count)
  const ids = people.map(({ userId }) => userId)
  const groups = Array.from({ length: 10 }, (_, at) => ids.filter((_, member) => (member + at) % 2 === 0 || at === 0))
  const chats = await addChats(
    pool,
    groups.map((members, at) => ({ title: `Group ${at}`, members })),
  )
  await pool.end()
  const engines = await Promise.all(people.map(({ cookie, userId }) => Engine.open({ url, cookie, userId })))
  const readings: number[] = []
  for (let reading = 0; reading < 5; reading += 1) {
    const end = Date.now() + (seconds * 1_000) / 2
    for (let at = 0; Date.now() < end; at += 1) {
      const index = groups.findIndex((members, group) => group >= at % 10 && members.includes(ids[at % count]!))
      await engines[at % count]!.send(chats[index]!, `Message ${at}: the bell rings and people come`)
      await wait(2_000 / count)
    }
    readings.push(memoryMb(family(root)))
  }
  for (const engine of engines) engine.close()
  return readings
}
