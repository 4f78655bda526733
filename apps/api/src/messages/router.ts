import * as schemas from '@veche/shared/schemas/messages'
import { router, signedIn } from '../trpc.ts'
import { deleteMessage } from './delete-message.ts'
import { readHistory } from './history.ts'
import { markDelivered, sendTyping } from './positions.ts'
import { markRead } from './read-position.ts'
import { sendMessage } from './messages.ts'

export const messagesRouter = router({
  send: signedIn('send')
    .input(schemas.send)
    .mutation(({ ctx, input }) => sendMessage(ctx, input)),
  delete: signedIn('change')
    .input(schemas.deleteMessage)
    .mutation(({ ctx, input }) => deleteMessage(ctx, input)),
  history: signedIn('read')
    .input(schemas.history)
    .query(({ ctx, input }) => readHistory(ctx, input)),
  read: signedIn('signal')
    .input(schemas.position)
    .mutation(({ ctx, input }) => markRead(ctx, input)),
  delivered: signedIn('signal')
    .input(schemas.position)
    .mutation(({ ctx, input }) => markDelivered(ctx, input)),
  typing: signedIn('signal')
    .input(schemas.typing)
    .mutation(({ ctx, input }) => sendTyping(ctx, input)),
})
