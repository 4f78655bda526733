import { z } from 'zod'
import { limits } from '../limits.ts'
import { chatRoles } from '../permissions.ts'
import { chatId, newChatId, search, title, userId } from './fields.ts'

const role = z.enum(chatRoles)
const userIds = z.array(userId).max(limits.group.maxAdded)

export const openDirect = z.strictObject({ userId })
/** The client makes the id, so that a retry finds the group that the lost answer spoke of. */
export const createGroup = z.strictObject({ id: newChatId, title, userIds })
export const one = z.strictObject({ chatId })
export const rename = z.strictObject({ chatId, title })
export const configure = z.strictObject({ chatId, historyForNew: z.boolean() })
export const membersPage = z.strictObject({
  chatId,
  query: search.optional(),
  cursor: z.string().max(200).nullish(),
  limit: z.int().min(1).max(limits.page.members).default(50),
})
export const addMembers = z.strictObject({ chatId, userIds: userIds.min(1) })
export const removeMember = z.strictObject({ chatId, userId })
export const setRole = z.strictObject({ chatId, userId, role })
/** What only I see of my membership. `decidedAt` tells a late request from a newer decision; without it the person decided now. */
export const setMine = z.strictObject({
  chatId,
  decidedAt: z.iso.datetime().optional(),
  notify: z.enum(['all', 'none']).optional(),
  pinned: z.boolean().optional(),
  unreadMark: z.boolean().optional(),
})

export type OpenDirect = z.output<typeof openDirect>
export type CreateGroup = z.output<typeof createGroup>
export type OneChat = z.output<typeof one>
export type Rename = z.output<typeof rename>
export type Configure = z.output<typeof configure>
export type MembersPage = z.output<typeof membersPage>
export type AddMembers = z.output<typeof addMembers>
export type RemoveMember = z.output<typeof removeMember>
export type SetRole = z.output<typeof setRole>
export type SetMine = z.output<typeof setMine>
