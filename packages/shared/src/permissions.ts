/** Roles and their rights: the one table that the server enforces and the screen reads. */
export const serverRoles = ['member', 'admin', 'owner'] as const
export type ServerRole = (typeof serverRoles)[number]

/** A person has an account. A guest has a name and a session, and may do only what a procedure opens to guests. */
export type UserKind = 'person' | 'guest'

export const chatRoles = ['member', 'moderator', 'owner'] as const
export type ChatRole = (typeof chatRoles)[number]

export const chatActions = [
  'read',
  'post',
  'deleteOthers',
  'rename',
  'addMembers',
  'removeMembers',
  'setRoles',
  'configure',
  'leave',
  'meet',
] as const
export type ChatAction = (typeof chatActions)[number]

const inGroup: Record<ChatRole, readonly ChatAction[]> = {
  member: ['read', 'post', 'leave', 'meet'],
  moderator: ['read', 'post', 'deleteOthers', 'leave', 'meet', 'rename', 'addMembers', 'removeMembers'],
  owner: [
    'read',
    'post',
    'deleteOthers',
    'leave',
    'meet',
    'rename',
    'addMembers',
    'removeMembers',
    'setRoles',
    'configure',
  ],
}
const inDirect: readonly ChatAction[] = ['read', 'post', 'meet']

export function mayInChat(kind: 'direct' | 'group', role: ChatRole, action: ChatAction): boolean {
  return (kind === 'direct' ? inDirect : inGroup[role]).includes(action)
}

const writtenKinds = ['text', 'file', 'voice']

/** One's own message, or that of somebody else with the right to. Nobody deletes what nobody wrote: calls and what happened in a group. */
export function mayDeleteMessage(
  kind: 'direct' | 'group',
  role: ChatRole,
  message: { kind: string; isMine: boolean },
): boolean {
  const isWritten = writtenKinds.includes(message.kind)
  return isWritten && (message.isMine || mayInChat(kind, role, 'deleteOthers'))
}

export function isAdmin(role: ServerRole): boolean {
  return role === 'admin' || role === 'owner'
}

/** An admin manages members, an owner manages everyone. */
export function mayManageUser(actor: ServerRole, target: ServerRole): boolean {
  if (actor === 'owner') return true
  return actor === 'admin' && target === 'member'
}

/** A moderator removes members only; an owner removes everyone. */
export function mayRemoveFromGroup(actor: ChatRole, target: ChatRole): boolean {
  if (actor === 'owner') return true
  return actor === 'moderator' && target === 'member'
}

/** What a seat in a meeting may do. The API decides it and writes it into the ticket; the media node enforces it. */
export const capabilities = ['mic', 'cam', 'screen', 'chat', 'unmute'] as const
export type Capability = (typeof capabilities)[number]
