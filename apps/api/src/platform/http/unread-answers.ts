import type { Server, ServerResponse } from 'node:http'

/** A phone on a bad line takes something in less time than this. */
export const maxUnreadMs = 30_000

/**
 * Ends a connection whose client takes nothing of an answer for this time: the answer would stay in memory for as long as the client
 * likes. The timeout of a socket starts again whenever bytes have left (`kept-answers.ts` bounds those who take little at a time); an
 * answer that is still being made may take longer.
 */
export function limitUnreadAnswers(server: Server, timeoutMs = maxUnreadMs): void {
  server.on('request', (_request: unknown, answer: ServerResponse) => {
    answer.setTimeout(timeoutMs, () => {
      const { socket } = answer
      if (socket && socket.writableLength > 0) socket.destroy()
      else socket?.setTimeout(timeoutMs)
    })
  })
}
