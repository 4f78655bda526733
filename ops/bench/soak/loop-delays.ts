import { readFileSync, writeFileSync } from 'node:fs'

/**
 * Loaded into the API with --import: writes into the file that the variable LOOP_DELAYS names how late a timer of ten milliseconds comes.
 * What the thread waited for a free core, and what the host of a virtual machine took from every core, is no delay of ours and is left out.
 */
const everyMs = 10
const saveEveryMs = 5_000
/** How many samples were late by so many milliseconds; the last one counts all that were later. */
const counts = Array.from({ length: 2_000 }, () => 0)

const file = process.env['LOOP_DELAYS']
if (file) {
  let before = read()
  setInterval(() => {
    const now = read()
    const late = now.ms - before.ms - everyMs
    const stolen = now.stolenMs.map((ms, core) => ms - before.stolenMs[core]!)
    const foreign = now.waitedMs - before.waitedMs + Math.min(...stolen)
    counts[Math.min(counts.length - 1, Math.max(0, Math.round(late - foreign)))]! += 1
    before = now
  }, everyMs).unref()
  setInterval(() => writeFileSync(file, JSON.stringify(counts)), saveEveryMs).unref()
}

function read(): { ms: number; waitedMs: number; stolenMs: number[] } {
  // Nanoseconds: on a core, waiting for one.
  const [, waited] = readFileSync('/proc/self/schedstat', 'utf8').split(' ').map(Number)
  // Of each core, in hundredths of a second: user, nice, system, idle, iowait, irq, softirq, steal.
  const cores = readFileSync('/proc/stat', 'utf8').match(/^cpu\d.*/gm) ?? []
  return {
    ms: performance.now(),
    waitedMs: waited! / 1e6,
    stolenMs: cores.map((core) => Number(core.split(' ')[8]) * 10),
  }
}
