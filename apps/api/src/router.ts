import { adminRouter } from './admin/router.ts'
import { authRouter } from './auth/router.ts'
import { chatsRouter } from './chats/router.ts'
import { filesRouter } from './files/router.ts'
import { meetingsRouter } from './meetings/router.ts'
import { messagesRouter } from './messages/router.ts'
import { live, syncRouter } from './sync/router.ts'
import { router } from './trpc.ts'
import { usersRouter } from './users/router.ts'

export const appRouter = router({
  auth: authRouter,
  users: usersRouter,
  chats: chatsRouter,
  messages: messagesRouter,
  files: filesRouter,
  meetings: meetingsRouter,
  sync: syncRouter,
  admin: adminRouter,
  live,
})

/** The WebSocket carries the live stream and nothing else: its context is made once, so rights checked against it would be stale. */
export const socketRouter = router({ live })

export type AppRouter = typeof appRouter
