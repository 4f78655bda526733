import { readdirSync, readFileSync } from 'node:fs'

const ticks = 100

/** CPU seconds of these processes so far. */
export function cpuSeconds(pids: number[]): number {
  return pids.reduce((sum, pid) => sum + ownCpu(pid), 0)
}

/** Memory of these processes in megabytes; shared pages count once. */
export function memoryMb(pids: number[]): number {
  return pids.reduce((sum, pid) => sum + pss(pid), 0) / 1024
}

/** A process and all its descendants, as they are now. */
export function family(root: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const fields = pid ? stat(pid) : undefined
    if (fields) parents.set(pid, Number(fields[1]))
  }
  const found = [root]
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child)
  return found
}

function ownCpu(pid: number): number {
  const fields = stat(pid)
  return fields ? (Number(fields[11]) + Number(fields[12])) / ticks : 0
}

function pss(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0)
  } catch {
    // The process ended after it was listed.
    return 0
  }
}

/** The fields of /proc/<pid>/stat behind the name. */
function stat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
