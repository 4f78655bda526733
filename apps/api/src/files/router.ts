import { nothing } from '@veche/shared/schemas/fields'
import * as schemas from '@veche/shared/schemas/messages'
import { router, signedIn } from '../trpc.ts'
import { readGallery } from './gallery.ts'
import { listen } from './listened.ts'
import { sendFiles } from './send-files.ts'
import { readMyUse } from './use.ts'

export const filesRouter = router({
  send: signedIn('send')
    .input(schemas.sendFiles)
    .mutation(({ ctx, input }) => sendFiles(ctx, input)),
  use: signedIn('read')
    .input(nothing)
    .query(({ ctx }) => readMyUse(ctx)),
  gallery: signedIn('read')
    .input(schemas.gallery)
    .query(({ ctx, input }) => readGallery(ctx, input)),
  listen: signedIn('change')
    .input(schemas.listen)
    .mutation(({ ctx, input }) => listen(ctx, input)),
})
