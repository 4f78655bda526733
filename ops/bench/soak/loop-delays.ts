import { readFileSync, writeFileSync } from 'node:fs'

/**
 * Loaded into the API with --import: writes into the file LOOP_DELAYS how late a timer of ten milliseconds comes. What the thread waited
 * for a free core, and what the host of a virtual machine took away, is no delay of ours and is left out.
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
    const foreign = now.waitedMs - before.waitedMs + now.stolenMs - before.stolenMs
    counts[Math.min(counts.length - 1, Math.max(0, Math.round(late - foreign)))]! += 1
    before = now
  }, everyMs).unref()
  setInterval(() => writeFileSync(file, JSON.stringify(counts)), saveEveryMs).unref()
}

function read(): { ms: number; waitedMs: number; stolenMs: number } {
  // Nanoseconds: on a core, waiting for one.
  const [, waited] = readFileSync('/proc/self/schedstat', 'utf8').split(' ').map(Number)
  // Hundredths of a second: user, nice, system, idle, iowait, irq, softirq, steal.
  const stolen = Number(readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!.split(/ +/)[8])
  return { ms: performance.now(), waitedMs: waited! / 1e6, stolenMs: stolen * 10 }
}
