import { hash, parseOptions, verify } from '@node-rs/argon2'
import type { Deps } from '../deps.ts'

// OWASP's first choice for argon2id (the default of the library): much memory, one pass.
const parameters = { memoryCost: 47_104, timeCost: 1, parallelism: 1 } as const

export function hashPassword(ctx: Deps, password: string): Promise<string> {
  return measured(ctx, () => hash(spelled(password), parameters))
}

/** Without a hash (nobody has this address) as much work is done as with one, and the answer is no. */
export function verifyPassword(ctx: Deps, stored: string | null, password: string): Promise<boolean> {
  return measured(ctx, () => verify(stored ?? nobodys, spelled(password)))
}

/** Made with other parameters than today's: to be made anew when its password is at hand. */
export function isOutdated(stored: string): boolean {
  const made = parseOptions(stored)
  return made.memoryCost !== parameters.memoryCost || made.timeCost !== parameters.timeCost
}

/** No password has this hash: it is all zeros. It is checked with today's parameters, as everybody's is. */
export const nobodys = [
  '$argon2id$v=19',
  `m=${parameters.memoryCost},t=${parameters.timeCost},p=${parameters.parallelism}`,
  Buffer.alloc(16, 7).toString('base64').replaceAll('=', ''),
  Buffer.alloc(32, 0).toString('base64').replaceAll('=', ''),
].join('$')

/** The same password typed on a Mac and on Windows may be spelled in other code points. */
function spelled(password: string): string {
  return password.normalize('NFC')
}

/** Each takes 46 MB and a core: a few at once, and the others wait. */
function measured<T>(ctx: Deps, work: () => Promise<T>): Promise<T> {
  return ctx.gates.hash.run('hash', async () => {
    const done = ctx.metrics.hashes.startTimer()
    try {
      return await work()
    } finally {
      done()
    }
  })
}
