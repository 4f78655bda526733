import type { TRPCClient } from '@trpc/client'
import type { UserId } from '@veche/shared/ids'
import type { AppRouter } from '@veche/api/router'
import type { LiveApi, Socket, SocketEvents } from './live-api.ts'
import type { SocketOptions } from './socket.ts'

/** Queries and mutations go over HTTP, the live stream over a WebSocket of its own. */
export function trpcLiveApi(client: TRPCClient<AppRouter>, address: SocketOptions, person?: UserId): LiveApi {
  return {
    state: (scopes) => client.sync.state.mutate({ scopes }),
    scope: (id, since) => client.sync.scope.query({ id, since }),
    chats: (cursor, limit) => client.sync.chats.query({ cursor, limit }),
    people: (ids) => client.users.get.query({ ids }),
    presence: (ids) => client.users.presence.query({ ids }),
    history: (query) => client.messages.history.query(query),
    send: (message) => client.messages.send.mutate(message),
    sendFiles: (message) => client.files.send.mutate(message),
    upload: async (upload) => (await import('./upload.ts')).uploadFile(upload, person),
    dropUpload: async (url) => (await import('./upload.ts')).dropUpload(url, person),
    markListened: (voice) => client.files.listen.mutate(voice),
    setMine: (mine) => client.chats.setMine.mutate(mine),
    read: (chatId, seq) => client.messages.read.mutate({ chatId, seq }),
    delivered: (chatId, seq) => client.messages.delivered.mutate({ chatId, seq }),
    typing: (chatId) => client.messages.typing.mutate({ chatId }),
    listen: (events) => loadSocket(address, events),
  }
}

/** No first screen waits for the live stream, so the code of sockets is loaded with the first one. */
function loadSocket(address: SocketOptions, events: SocketEvents): Socket {
  let isClosed = false
  let socket: Socket | undefined
  import('./socket.ts').then(
    ({ openSocket }) => {
      if (!isClosed) socket = openSocket(address, events)
    },
    () => {
      if (!isClosed) events.closed(undefined)
    },
  )
  return {
    ping: () => socket?.ping() ?? Promise.reject(new Error('the socket is not open')),
    close: () => {
      isClosed = true
      socket?.close()
    },
  }
}
