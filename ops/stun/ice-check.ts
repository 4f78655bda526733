import { randomBytes } from 'node:crypto'
import { StunConnection, type StunServer } from './StunConnection.ts'
import { encode, newId, number } from './message.ts'

/** The parts of a transport's description that an ICE check needs. */
export type IceTarget = { usernameFragment: string; password: string }

/** Sends the first check of a browser (RFC 8445). Returns true when the other side answers and knows its password. */
export async function iceCheck(server: StunServer, { usernameFragment, password }: IceTarget): Promise<boolean> {
  const connection = await StunConnection.open(server)
  try {
    const fields = {
      username: Buffer.from(`${usernameFragment}:doctor`),
      controlling: randomBytes(8),
      priority: number(1),
    }
    const question = encode({ method: 'binding', kind: 'request', id: newId(), fields }, password, true)
    return (await connection.ask(question)).kind === 'success'
  } finally {
    connection.close()
  }
}
