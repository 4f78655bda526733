import * as profile from '@veche/shared/schemas/auth'
import * as schemas from '@veche/shared/schemas/users'
import { router, signedIn } from '../trpc.ts'
import { listPeople, readPeople } from './people.ts'
import { updateProfile, updateSettings } from './profile.ts'

export const usersRouter = router({
  people: signedIn('read')
    .input(schemas.people)
    .query(({ ctx, input }) => listPeople(ctx, input)),
  get: signedIn('read')
    .input(schemas.byIds)
    .query(({ ctx, input }) => readPeople(ctx, input)),
  presence: signedIn('read')
    .input(schemas.byIds)
    .query(({ ctx, input }) => ctx.liveHub.presence.of(input.ids)),
  updateProfile: signedIn('change')
    .input(profile.updateProfile)
    .mutation(({ ctx, input }) => updateProfile(ctx, input)),
  updateSettings: signedIn('change')
    .input(profile.updateSettings)
    .mutation(({ ctx, input }) => updateSettings(ctx, input)),
})
