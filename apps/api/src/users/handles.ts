import { limits } from '@veche/shared/limits'
import { sql } from 'kysely'
import type { Tx } from '../ctx.ts'
import type { Deps } from '../deps.ts'

/** A handle made of the name. The directory is locked, so no other request can take it meanwhile. */
export async function freeHandle(tx: Tx<Deps>, name: string): Promise<string> {
  const base = handleFrom(name)
  const rows = await tx.db
    .selectFrom('users')
    .select('handle')
    .where(sql<boolean>`handle ~ ${`^${base}[0-9]*$`}`)
    .execute()
  const taken = new Set(rows.map(({ handle }) => handle))
  if (!taken.has(base)) return base
  for (let number = 2; ; number += 1) if (!taken.has(`${base}${number}`)) return `${base}${number}`
}

/** "Анна Щукина" becomes "anna_shchukina". It begins with a letter and leaves room for a number. */
export function handleFrom(name: string): string {
  const latin = [...name.toLowerCase()].map((letter) => cyrillic[letter] ?? letter).join('')
  const plain = latin
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+/, '')
    .slice(0, limits.handle.max - 6)
    .replace(/_+$/, '')
  return plain.length >= limits.handle.min ? plain : 'user'
}

const cyrillic: Record<string, string> = Object.fromEntries(
  [
    'а-a б-b в-v г-g д-d е-e ё-yo ж-zh з-z и-i й-y к-k л-l м-m н-n о-o п-p р-r с-s т-t у-u ф-f х-kh ц-ts ч-ch ш-sh щ-shch',
    'ъ- ы-y ь- э-e ю-yu я-ya і-i ї-yi є-ye ґ-g ў-u',
  ]
    .join(' ')
    .split(' ')
    .map((pair) => pair.split('-') as [string, string]),
)
