import * as schemas from '@veche/shared/schemas/messages'
import { router, signedIn } from '../trpc.ts'
import { sendFiles } from './send-files.ts'

export const filesRouter = router({
  send: signedIn('send')
    .input(schemas.sendFiles)
    .mutation(({ ctx, input }) => sendFiles(ctx, input)),
})
