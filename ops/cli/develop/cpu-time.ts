import { readdirSync, readFileSync } from 'node:fs'

/** One process as the kernel counts it: own and waited-for CPU time in ticks, and who would wait for it. */
type Process = { parent: number; started: string; ownTicks: number; childTicks: number }
type Processes = Map<number, Process>

const ticksPerSecond = 100
const sampleMs = 1_000

/**
 * The CPU time of a process and of everything that it started. The kernel adds the time of a process to its parent when that waits for
 * it; the parts of a browser end without that. So the tree is read every second, and what ended unwaited is kept.
 */
export class CpuMeter {
  readonly #root: number
  readonly #timer: NodeJS.Timeout
  #before: Processes
  /** The processes of the sample before `#before`: a death and its count may fall on two sides of one sample. */
  #earlier: Processes | undefined
  #lostTicks = 0

  constructor(root = process.pid) {
    this.#root = root
    this.#before = tree(readProcesses(), root, new Map())
    this.#timer = setInterval(() => this.#sample(), sampleMs)
    this.#timer.unref()
  }

  /** CPU seconds since the process began. */
  seconds(): number {
    this.#sample()
    return (total(this.#before) + this.#lostTicks) / ticksPerSecond
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #sample(): void {
    const now = tree(readProcesses(), this.#root, this.#before)
    if (this.#earlier) this.#lostTicks += lostTicks(this.#earlier, this.#before, now)
    this.#earlier = this.#before
    this.#before = now
  }
}

/** The ticks of processes that ended between the first two samples and that no living process has counted by the third one. */
export function lostTicks(earlier: Processes, before: Processes, now: Processes): number {
  const endedUnder = new Map<number, number>()
  for (const [pid, each] of earlier) {
    if (isIn(before, pid, each)) continue
    const heir = livingAncestor(each, earlier, now)
    endedUnder.set(heir, (endedUnder.get(heir) ?? 0) + each.ownTicks + each.childTicks)
  }
  let lost = 0
  for (const [heir, ticks] of endedUnder) {
    const counted = (now.get(heir)?.childTicks ?? 0) - (earlier.get(heir)?.childTicks ?? 0)
    lost += Math.max(0, ticks - counted)
  }
  return lost
}

function livingAncestor(of: Process, earlier: Processes, now: Processes): number {
  let { parent } = of
  for (;;) {
    const found = earlier.get(parent)
    if (!found) return 0
    if (isIn(now, parent, found)) return parent
    parent = found.parent
  }
}

function isIn(processes: Processes, pid: number, then: Process): boolean {
  return processes.get(pid)?.started === then.started
}

function total(processes: Processes): number {
  let sum = 0
  for (const { ownTicks, childTicks } of processes.values()) sum += ownTicks + childTicks
  return sum
}

/** The root with all that descends from it, also what lost its parent since the last sample. */
function tree(all: Processes, root: number, known: Processes): Processes {
  const found: Processes = new Map()
  const add = (pid: number) => {
    const each = all.get(pid)
    if (!each || found.has(pid)) return
    found.set(pid, each)
    for (const child of children.get(pid) ?? []) add(child)
  }
  const children = Map.groupBy(all.keys(), (pid) => all.get(pid)?.parent ?? 0)
  add(root)
  for (const [pid, then] of known) if (isIn(all, pid, then)) add(pid)
  return found
}

function readProcesses(): Processes {
  const all: Processes = new Map()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'utf8')
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number)
      all.set(Number(name), {
        parent: Number(fields[1]),
        started: fields[19] ?? '',
        ownTicks: user + system,
        childTicks: childUser + childSystem,
      })
    } catch {
      // The process ended in the meantime.
    }
  }
  return all
}
