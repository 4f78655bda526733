import * as schemas from '@veche/shared/schemas/chats'
import { router, signedIn } from '../trpc.ts'
import { openDirect } from './direct-chats.ts'
import { configureChat, createGroup, renameChat } from './groups.ts'
import { addMembers, leaveChat, membersPage, removeMember, setRole } from './members.ts'
import { setMine } from './my-membership.ts'

export const chatsRouter = router({
  openDirect: signedIn('change')
    .input(schemas.openDirect)
    .mutation(({ ctx, input }) => openDirect(ctx, input)),
  createGroup: signedIn('change')
    .input(schemas.createGroup)
    .mutation(({ ctx, input }) => createGroup(ctx, input)),
  rename: signedIn('change')
    .input(schemas.rename)
    .mutation(({ ctx, input }) => renameChat(ctx, input)),
  configure: signedIn('change')
    .input(schemas.configure)
    .mutation(({ ctx, input }) => configureChat(ctx, input)),
  members: signedIn('read')
    .input(schemas.membersPage)
    .query(({ ctx, input }) => membersPage(ctx, input)),
  addMembers: signedIn('change')
    .input(schemas.addMembers)
    .mutation(({ ctx, input }) => addMembers(ctx, input)),
  removeMember: signedIn('change')
    .input(schemas.removeMember)
    .mutation(({ ctx, input }) => removeMember(ctx, input)),
  setRole: signedIn('change')
    .input(schemas.setRole)
    .mutation(({ ctx, input }) => setRole(ctx, input)),
  leave: signedIn('change')
    .input(schemas.one)
    .mutation(({ ctx, input }) => leaveChat(ctx, input)),
  setMine: signedIn('change')
    .input(schemas.setMine)
    .mutation(({ ctx, input }) => setMine(ctx, input)),
})
