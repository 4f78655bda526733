import { readdirSync, readFileSync } from 'node:fs'

const ticks = 100

/** CPU seconds of these processes so far. */
export function cpuSeconds(pids: number[]): number {
  return pids.reduce((sum, pid) => sum + cpuTicks(pid, 13) / ticks, 0)
}

/** CPU seconds of a process, its descendants and those of them that have ended. */
export function treeCpuSeconds(root: number): number {
  return family(root).reduce((sum, pid) => sum + cpuTicks(pid, 15) / ticks, 0)
}

/** Memory of these processes in megabytes; shared pages count once. */
export function memoryMb(pids: number[]): number {
  return pids.reduce((sum, pid) => sum + pss(pid), 0) / 1024
}

/** Empty for a process that has ended. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
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

/** Fields 11 and 12 are a process's own time, 13 and 14 that of its children which have ended. */
function cpuTicks(pid: number, end: 13 | 15): number {
  return (stat(pid)?.slice(11, end) ?? []).reduce((sum, field) => sum + Number(field), 0)
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
