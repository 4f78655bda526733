import { randomBytes } from 'node:crypto'
import { Line, type LineOptions } from './Line.ts'
import { encode, newId, number } from './message.ts'

/** What a transport of a media node tells about itself, as far as a check needs it. */
export type IceTarget = { usernameFragment: string; password: string }

/** Asks what a browser asks first (RFC 8445): answers true when the far side is there and knows its password. */
export async function iceCheck(where: LineOptions, { usernameFragment, password }: IceTarget): Promise<boolean> {
  const line = await Line.open(where)
  try {
    const fields = {
      username: Buffer.from(`${usernameFragment}:doctor`),
      controlling: randomBytes(8),
      priority: number(1),
    }
    const question = encode({ method: 'binding', kind: 'request', id: newId(), fields }, password, true)
    return (await line.ask(question)).kind === 'success'
  } finally {
    line.close()
  }
}
