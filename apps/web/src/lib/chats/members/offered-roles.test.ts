import { expect, test } from 'vitest'
import { offeredRoles } from './offered-roles.ts'

const owner = { myRole: 'owner', role: 'member', isMe: false, hasOtherOwner: false } as const

test('an owner is offered each role that a member does not have, the highest first', () => {
  expect(offeredRoles(owner)).toEqual(['owner', 'moderator'])
  expect(offeredRoles({ ...owner, role: 'moderator' })).toEqual(['owner', 'member'])
})

test('the only owner of a group is not offered to step down, and one of several is', () => {
  expect(offeredRoles({ ...owner, role: 'owner', isMe: true })).toEqual([])
  expect(offeredRoles({ ...owner, role: 'owner', isMe: true, hasOtherOwner: true })).toEqual(['moderator', 'member'])
})

test('moderators and members are offered no roles', () => {
  expect(offeredRoles({ ...owner, myRole: 'moderator' })).toEqual([])
  expect(offeredRoles({ ...owner, myRole: 'member' })).toEqual([])
})
