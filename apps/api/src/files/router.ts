import { nothing } from '@veche/shared/schemas/fields'
import * as schemas from '@veche/shared/schemas/messages'
import { router, signedIn } from '../trpc.ts'
import { listen } from './listened.ts'
import { sendFiles } from './send-files.ts'
import { readMyUse } from './use.ts'

export const filesRouter = router({
  send: signedIn('send')
    .input(schemas.sendFiles)
    .mutation(({ ctx, input }) => sendFiles(ctx, input)),
  usage: signedIn('read')
    .input(nothing)
    .query(({ ctx }) => readMyUse(ctx)),
  listen: signedIn('change')
    .input(schemas.listen)
    .mutation(({ ctx, input }) => listen(ctx, input)),
})
