import { adminRouter } from './admin/router.ts'
import { authRouter } from './auth/router.ts'
import { chatsRouter } from './chats/router.ts'
import { meetingsRouter } from './meetings/router.ts'
import { messagesRouter } from './messages/router.ts'
import { live } from './sync/live.ts'
import { syncRouter } from './sync/router.ts'
import { router } from './trpc.ts'
import { usersRouter } from './users/router.ts'

export const appRouter = router({
  auth: authRouter,
  users: usersRouter,
  chats: chatsRouter,
  messages: messagesRouter,
  meetings: meetingsRouter,
  sync: syncRouter,
  admin: adminRouter,
  live,
})

/** The socket carries the live stream and nothing else: its context is made once, and would be stale for anything that asks rights. */
export const socketRouter = router({ live })

export type AppRouter = typeof appRouter
