import type { ClientId } from '@veche/shared/ids'

type Input = { clientId?: ClientId }

/** The client ids of the messages that this answer acknowledges. One request may carry several calls. */
export function committedSends(url: string, question: Buffer, answer: Buffer): ClientId[] {
  const [path, query] = url.split('?')
  const names = decodeURIComponent(path!.split('/').at(-1)!).split(',')
  if (!names.includes('messages.send')) return []
  const [inputs, results] = [parse(question), parse(answer)]
  const batched = query?.includes('batch=1')
  return names.flatMap((name, at) => {
    const input = (batched ? read(inputs, at) : inputs) as Input | undefined
    const result = (batched ? read(results, at) : results) as object | undefined
    return name === 'messages.send' && input?.clientId && result && 'result' in result ? [input.clientId] : []
  })
}

function read(list: unknown, at: number): unknown {
  return (list as Record<number, unknown> | undefined)?.[at]
}

function parse(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString())
  } catch {
    return undefined
  }
}
