import { readFile } from 'node:fs/promises'

/** CPU seconds of a process; with `children`, of the ended ones that it has started. */
export async function cpuSecondsOf(pid: number | 'self', { children = false } = {}): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')
  const first = children ? 13 : 11
  return (Number(fields[first]) + Number(fields[first + 1])) / 100
}

/** What a process holds, or has held at most. */
export async function memoryMb(pid: number | 'self', field: 'VmRSS' | 'VmHWM' = 'VmRSS'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1_000
}
