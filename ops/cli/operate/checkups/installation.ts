import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from '../../env.ts'
import { reachable } from '../../parts/environments.ts'
import type { NodeAddress } from '../../parts/node-addresses.ts'
import { packagesAreCurrent, webIsBuilt, webIsCurrent } from '../../machine/prepare.ts'
import { reason } from '../../errors.ts'
import { broken, doubtful, fine, idle, type Finding, type CheckupInput } from './finding.ts'

export function packages(): Finding[] {
  if (!existsSync(join(checkout, 'node_modules/.modules.yaml')))
    return [broken('Packages', 'are not installed', '"./veche up" installs them.')]
  return packagesAreCurrent()
    ? [fine('Packages', 'are those of the lockfile')]
    : [doubtful('Packages', 'may be older than the lockfile', '"./veche up" installs what changed.')]
}

export async function mediaWorker(): Promise<Finding[]> {
  if (!existsSync(join(checkout, 'node_modules/.modules.yaml'))) return []
  const { findMediaWorker, starts } = await import('../../machine/media-worker.ts')
  const found = findMediaWorker()
  if (!found) return [broken('Media worker', 'is not there', '"./veche up" fetches or builds it.')]
  return starts(found)
    ? [fine('Media worker', found)]
    : [
        broken(
          'Media worker',
          `${found} does not start`,
          'Leave MEDIASOUP_WORKER_BIN out; "./veche up" then finds another.',
        ),
      ]
}

export function webBuild(): Finding[] {
  if (!webIsBuilt()) return [broken('Web app', 'is not built', '"./veche up" builds it.')]
  return webIsCurrent()
    ? [fine('Web app', 'is built from these sources')]
    : [doubtful('Web app', 'was built from other sources than these', '"./veche up" builds it anew.')]
}

/** Validates the settings with the schemas of the parts themselves. */
export async function settings(input: CheckupInput): Promise<Finding[]> {
  const problems = await settingProblems(input)
  return problems.length
    ? problems.map((problem) => broken('Settings', problem, 'ops/README.md says what each takes.'))
    : [fine('Settings', 'every part takes them')]
}

export async function settingProblems({ settings: own, state }: CheckupInput): Promise<string[]> {
  const given = {
    ...process.env,
    DATABASE_URL: own.databaseUrl ?? state?.databaseUrl ?? 'embedded',
    REDIS_URL: own.redisUrl ?? state?.redisUrl ?? 'embedded',
    VECHE_SECRET: process.env['VECHE_SECRET'] || 'x'.repeat(43),
    VECHE_DATA: own.dataFolder,
    SFU_KEY: process.env['SFU_KEY'] || '0'.repeat(64),
  }
  const problems = await Promise.all(['api', 'sfu'].map((part) => complaints(part, given)))
  return [...new Set(problems.flat())]
}

/** The first line of the output is a heading; each other line names a setting. */
async function complaints(part: string, given: NodeJS.ProcessEnv) {
  const { readEnv } = (await import(join(checkout, `apps/${part}/src/env.ts`))) as {
    readEnv(source: NodeJS.ProcessEnv): unknown
  }
  try {
    readEnv(given)
    return []
  } catch (error) {
    const [first, ...list] = reason(error)
      .split('\n')
      .map((line) => line.trim())
    return list.length ? list : [first!]
  }
}

export async function readiness({ settings: own, state }: CheckupInput): Promise<Finding[]> {
  if (!state)
    return [
      idle(
        'Veche',
        `does not run on ${own.dataFolder}${existsSync(own.dataFolder) ? '' : ' (there is none yet)'}; "./veche up" starts it`,
      ),
    ]
  const url = `http://127.0.0.1:${state.ports.api}/readyz`
  const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch((error: unknown) => reason(error))
  if (typeof answer === 'string')
    return [broken('API', `${url} does not answer (${answer})`, `Its log ${own.dataFolder}/logs/api.log says why.`)]
  const text = await answer.text()
  if (!answer.ok)
    return [broken('API', `runs and is not ready: ${text}`, `Its log ${own.dataFolder}/logs/api.log says why.`)]
  return [fine('API', 'is ready'), ...(await Promise.all(state.nodes.map(sfu)))]
}

async function sfu({ name, host, port }: NodeAddress): Promise<Finding> {
  const url = `http://${reachable(host)}:${port}/readyz`
  const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined)
  const cure = `Its log ${name}.log in the data folder says why.`
  if (!answer) return broken(name, `does not answer on port ${port}`, cure)
  if (!answer.ok) return broken(name, `runs and is not ready: ${await answer.text()}`, cure)
  return fine(name, 'is ready')
}
