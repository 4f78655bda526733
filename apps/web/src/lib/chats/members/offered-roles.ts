import { type ChatRole, mayInChat } from '@veche/shared/permissions'

const highestFirst = ['owner', 'moderator', 'member'] as const

type MemberMenu = {
  /** The role of the user who opens the menu. */
  myRole: ChatRole
  /** The role of the member beside whose name it is. */
  role: ChatRole
  isMe: boolean
  /** Whether the group may have an owner besides the user. */
  hasOtherOwner: boolean
}

/** The roles that the menu of a member offers. The server refuses to let the only owner step down. */
export function offeredRoles({ myRole, role, isMe, hasOtherOwner }: MemberMenu): ChatRole[] {
  if (!mayInChat('group', myRole, 'setRoles') || (isMe && !hasOtherOwner)) return []
  return highestFirst.filter((each) => each !== role)
}
