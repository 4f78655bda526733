import { hash, parseOptions, verify } from '@node-rs/argon2'
import { composed } from '@veche/shared/limits'
import type { Deps } from '../../deps.ts'

export type PasswordCost = { memoryCost: number; timeCost: number; parallelism: number }

/** OWASP's first choice for argon2id (the default of the library): much memory, one pass. Tests use less. */
export const passwordCost: PasswordCost = { memoryCost: 47_104, timeCost: 1, parallelism: 1 }

export function hashPassword(ctx: Deps, password: string): Promise<string> {
  return withSlot(ctx, () => hash(composed(password), ctx.passwordCost))
}

/** Without a hash, when nobody has the address, it does as much work and answers no. */
export function verifyPassword(ctx: Deps, stored: string | null, password: string): Promise<boolean> {
  return withSlot(ctx, () => verify(stored ?? impossibleHash(ctx.passwordCost), composed(password)))
}

/** The hash was made with another cost than the one in use now. A new one is made as soon as the password is known, at a sign-in. */
export function isOutdatedHash({ passwordCost: cost }: Pick<Deps, 'passwordCost'>, stored: string): boolean {
  const made = parseOptions(stored)
  return made.memoryCost !== cost.memoryCost || made.timeCost !== cost.timeCost
}

/** All zeros: no password has this hash. Checking it costs as much as checking a real one. */
export function impossibleHash({ memoryCost, timeCost, parallelism }: PasswordCost): string {
  return [
    '$argon2id$v=19',
    `m=${memoryCost},t=${timeCost},p=${parallelism}`,
    Buffer.alloc(16, 7).toString('base64').replaceAll('=', ''),
    Buffer.alloc(32, 0).toString('base64').replaceAll('=', ''),
  ].join('$')
}

/** Each hash takes 46 MB and a core, so few run at the same time. */
function withSlot<T>(ctx: Deps, work: () => Promise<T>): Promise<T> {
  return ctx.gates.hash.run(async () => {
    const done = ctx.metrics.hashes.startTimer()
    try {
      return await work()
    } finally {
      done()
    }
  })
}
