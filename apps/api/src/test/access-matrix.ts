import { isDeepStrictEqual } from 'node:util'
import {
  type ClientId,
  type ChatId,
  type ContentId,
  type InviteId,
  type MailId,
  type MeetingId,
  newId,
  type TabId,
  type UserId,
} from '@veche/shared/ids'
import type { ServerRole } from '@veche/shared/permissions'
import type { ScopeAnswer, StateAnswer } from '@veche/shared/live'
import type { Deps } from '../deps.ts'
import { newGroup, newUser, newUsers, say, type TestUser } from './builders.ts'
import { newContent, sendVoice } from './files.ts'
import { callerFor } from './harness.ts'
import { newMail } from './mail/mails.ts'
import type { Outcome } from './outcome.ts'
import { newInvite } from './http/browser.ts'

export const actors = [
  'serverOwner',
  'admin',
  'chatOwner',
  'moderator',
  'member',
  'exMember',
  'otherUser',
  'guest',
  'disabled',
  'anonymous',
] as const
export type ActorName = (typeof actors)[number]

export type MatrixCast = {
  /** Each actor's token. The disabled user's was valid once; anonymous has none. */
  people: Record<Exclude<ActorName, 'anonymous'>, TestUser>
  group: ChatId
  /** A plain member of the group, upon whom the others act. */
  target: TestUser
  /** None of the others has met them. */
  stranger: TestUser
  inviteId: InviteId
  mailId: MailId
  /** In the group, with the moderator and the target in it. */
  meetingId: MeetingId
  code: string
  /** A message of the owner of the group. */
  seqOfOwner: number
  seqOfVoice: number
  /** An upload of each who may send it. */
  contents: Map<ActorName, ContentId>
  /** Open to everyone; the stranger's, and nobody is in it. */
  open: { meetingId: MeetingId; code: string }
}

export type Expected = Record<ActorName, Outcome>
export type MatrixRow = {
  input: (cast: MatrixCast, who: ActorName) => unknown
  expected: Expected
  /** Where "ok" alone says too little. */
  check?: (answer: unknown, who: ActorName, cast: MatrixCast) => boolean
  /** The call changes the cast: each actor who may call it gets a new cast, or, when they do not disturb each other, the row does. */
  spends?: 'each' | 'row'
}

const none = () => undefined
const ofMail = ({ mailId }: MatrixCast) => ({ kind: 'mail.send', id: mailId })
const locked = { guest: 'auth.guest_forbidden', disabled: 'auth.required', anonymous: 'auth.required' } as const

function everybody(outcome: Outcome): Expected {
  return Object.fromEntries(actors.map((actor) => [actor, outcome])) as Expected
}
function signedIn(outcome: Outcome = 'ok'): Expected {
  return { ...everybody(outcome), ...locked }
}
function admins(serverOwner: Outcome = 'ok', admin: Outcome = 'ok'): Expected {
  return { ...everybody('auth.admin_required'), ...locked, serverOwner, admin }
}
/** A right in the chat. People who are no members learn nothing of it, not even the owner of the server. */
function inChat(chatOwner: Outcome, moderator: Outcome, member: Outcome): Expected {
  return { ...everybody('chat.not_found'), ...locked, chatOwner, moderator, member }
}
function inMeeting(chatOwner: Outcome, moderator: Outcome, member: Outcome): Expected {
  return { ...everybody('meeting.not_found'), ...locked, chatOwner, moderator, member }
}
const anyMember = inChat('ok', 'ok', 'ok')
const moderators = inChat('ok', 'ok', 'chat.forbidden')
const owners = inChat('ok', 'chat.forbidden', 'chat.forbidden')

const token = 'A'.repeat(43)
const password = 'correct horse battery'
const isInside = (who: ActorName) => ['chatOwner', 'moderator', 'member'].includes(who)
const ofGroup =
  (more: object = {}) =>
  (cast: MatrixCast) => ({ chatId: cast.group, ...more })
let count = 0
const address = () => `matrix${(count += 1)}@example.org`

/** Every procedure there is, and who may call it. */
export const matrix: Record<string, MatrixRow> = {
  'auth.me': {
    input: none,
    expected: everybody('ok'),
    check: (me, who) =>
      who === 'disabled' || who === 'anonymous'
        ? me === null
        : (me as { kind: string }).kind === (who === 'guest' ? 'guest' : 'person'),
  },
  'auth.signIn': { input: () => ({ email: address(), password }), expected: everybody('auth.wrong_credentials') },
  'auth.signOut': { spends: 'row', input: none, expected: { ...signedIn(), guest: 'ok' } },
  'auth.invite': { input: () => ({ token }), expected: everybody('ok'), check: (found) => found === null },
  'auth.signUp': {
    input: () => ({ token, name: 'Olga', email: address(), password, locale: 'en' }),
    expected: everybody('auth.invite_invalid'),
  },
  'auth.needsSetup': { input: none, expected: everybody('ok'), check: (answer) => answer === false },
  'auth.setupLink': { input: () => ({ token }), expected: everybody('ok'), check: (found) => found === null },
  'auth.setUp': {
    input: () => ({ token, name: 'Olga', email: address(), password, locale: 'en' }),
    expected: everybody('auth.link_invalid'),
  },
  'auth.recover': { input: () => ({ token, password }), expected: everybody('auth.link_invalid') },
  'auth.requestReset': { input: () => ({ email: address(), locale: 'en' }), expected: everybody('ok') },
  'auth.reset': {
    input: () => ({ email: address(), code: '123456', password }),
    expected: everybody('auth.wrong_code'),
  },
  'auth.changePassword': {
    input: () => ({ current: 'a guess', next: password }),
    expected: signedIn('auth.wrong_credentials'),
  },
  'auth.signOutSession': { input: (cast) => ({ sessionId: cast.target.sessionId }), expected: signedIn() },
  'auth.signOutOthers': { input: none, expected: signedIn() },

  'users.people': { input: () => ({}), expected: signedIn() },
  'users.get': { input: (cast) => ({ ids: [cast.stranger.userId] }), expected: signedIn() },
  'users.presence': { input: (cast) => ({ ids: [cast.stranger.userId] }), expected: signedIn() },
  'users.updateProfile': { input: () => ({ name: 'New Name' }), expected: signedIn() },
  'users.updateSettings': { input: () => ({ theme: 'dark' }), expected: signedIn() },

  'chats.openDirect': { input: (cast) => ({ userId: cast.stranger.userId }), expected: signedIn() },
  'chats.createGroup': {
    input: (cast) => ({ id: newId(), title: 'New', userIds: [cast.stranger.userId] }),
    expected: signedIn(),
  },
  'chats.rename': { input: ofGroup({ title: 'Renamed' }), expected: moderators },
  'chats.configure': { input: ofGroup({ historyForNew: false }), expected: owners },
  'chats.members': { input: ofGroup(), expected: anyMember },
  'chats.addMembers': {
    spends: 'each',
    input: (cast) => ({ chatId: cast.group, userIds: [cast.stranger.userId] }),
    expected: moderators,
  },
  'chats.removeMember': {
    spends: 'each',
    input: (cast) => ({ chatId: cast.group, userId: cast.target.userId }),
    expected: moderators,
  },
  'chats.setRole': {
    spends: 'each',
    input: (cast) => ({ chatId: cast.group, userId: cast.target.userId, role: 'moderator' }),
    expected: owners,
  },
  'chats.leave': { spends: 'row', input: ofGroup(), expected: inChat('chat.owner_must_hand_over', 'ok', 'ok') },
  'chats.setMine': { input: ofGroup({ pinned: true }), expected: anyMember },

  'files.send': {
    input: ({ contents, group }, who) => {
      const contentId = contents.get(who) ?? newId<ContentId>()
      return { chatId: group, clientId: newId<ClientId>(), body: '', files: [{ contentId, name: 'a.png' }] }
    },
    expected: anyMember,
  },
  'files.use': { input: none, expected: signedIn() },
  'files.gallery': { input: ofGroup({ kind: 'media' }), expected: anyMember },
  'files.listen': { input: (cast) => ({ chatId: cast.group, seq: cast.seqOfVoice }), expected: anyMember },
  'messages.send': {
    input: (cast) => ({ chatId: cast.group, clientId: newId<ClientId>(), body: 'hello' }),
    expected: anyMember,
  },
  'messages.delete': {
    spends: 'row',
    // Written by the owner of the group.
    input: (cast) => ({ chatId: cast.group, seq: cast.seqOfOwner }),
    expected: moderators,
  },
  'messages.history': { input: ofGroup(), expected: anyMember },
  'messages.read': { input: ofGroup({ seq: 1 }), expected: anyMember },
  'messages.delivered': { input: ofGroup({ seq: 1 }), expected: anyMember },
  'messages.typing': { input: ofGroup(), expected: anyMember },

  'meetings.start': { input: ofGroup({ id: newId<MeetingId>() }), expected: anyMember },
  'meetings.create': { input: () => ({ id: newId(), chatId: newId(), title: 'Mine' }), expected: signedIn() },
  'meetings.get': { input: (cast) => ({ meetingId: cast.meetingId }), expected: inMeeting('ok', 'ok', 'ok') },
  'meetings.byCode': {
    input: ({ code }) => ({ code }),
    expected: { ...everybody('meeting.forbidden'), ...locked, chatOwner: 'ok', moderator: 'ok', member: 'ok' },
  },
  'meetings.publicByCode': {
    input: ({ code }) => ({ code }),
    expected: everybody('ok'),
    check: (answer) => isDeepStrictEqual(answer, { title: null, state: 'live' }),
  },
  'meetings.ofChat': { input: ofGroup(), expected: anyMember },
  'meetings.join': {
    spends: 'row',
    input: (cast) => ({ meetingId: cast.meetingId, tab: newId<TabId>() }),
    expected: inMeeting('ok', 'ok', 'ok'),
  },
  'meetings.leave': {
    spends: 'row',
    input: (cast) => ({ meetingId: cast.meetingId, seatEpoch: 1 }),
    expected: inMeeting('meeting.not_seated', 'ok', 'meeting.not_seated'),
  },
  'meetings.iceServers': {
    input: (cast) => ({ meetingId: cast.meetingId }),
    expected: inMeeting('meeting.not_seated', 'ok', 'meeting.not_seated'),
  },
  'meetings.current': {
    input: none,
    expected: signedIn(),
    check: (answer, who, cast) => JSON.stringify(answer).includes(cast.meetingId) === (who === 'moderator'),
  },
  'meetings.history': { input: () => ({}), expected: signedIn() },
  'meetings.attendance': { input: (cast) => ({ meetingId: cast.meetingId }), expected: inMeeting('ok', 'ok', 'ok') },

  'sync.state': {
    input: (cast) => ({ scopes: [[cast.group, 0]] }),
    expected: signedIn(),
    check: (answer, who) => mentionsMessages(answer) === isInside(who),
  },
  'sync.scope': {
    input: (cast) => ({ id: cast.group, since: 0 }),
    expected: signedIn(),
    check: (answer, who) =>
      (answer as ScopeAnswer).gone !== isInside(who) && mentionsMessages(answer) === isInside(who),
  },
  'sync.chats': {
    input: () => ({}),
    expected: signedIn(),
    check: (answer, who, cast) => JSON.stringify(answer).includes(cast.group) === isInside(who),
  },
  live: { input: none, expected: signedIn() },

  'admin.people': { input: () => ({}), expected: admins() },
  'admin.setRole': {
    spends: 'each',
    input: (cast) => ({ userId: cast.target.userId, role: 'admin' }),
    expected: admins('ok', 'user.forbidden'),
  },
  'admin.setDisabled': {
    spends: 'each',
    input: (cast) => ({ userId: cast.target.userId, disabled: true }),
    expected: admins(),
  },
  'admin.invites': { input: none, expected: admins() },
  'admin.createInvite': { input: () => ({ role: 'admin' }), expected: admins('ok', 'user.forbidden') },
  'admin.revokeInvite': { input: (cast) => ({ inviteId: cast.inviteId }), expected: admins() },
  'admin.connections': { input: none, expected: admins() },
  'admin.files': { input: none, expected: admins() },
  'admin.givenUpWork': { input: none, expected: admins() },
  'admin.retryWork': { spends: 'each', input: ofMail, expected: admins() },
  'admin.discardWork': { spends: 'each', input: ofMail, expected: admins() },
}

/** Rights that depend on more than the procedure: what a link opens, and the scope of a meeting. */
export const furtherRows: Record<string, MatrixRow & { path: string }> = {
  'a link that is open to everyone': {
    path: 'meetings.byCode',
    input: ({ open }) => ({ code: open.code }),
    expected: signedIn(),
  },
  'a link that was never given out': {
    path: 'meetings.byCode',
    input: ({ open }) => ({ code: open.code.slice(0, -1) + (open.code.endsWith('a') ? 'b' : 'a') }),
    expected: signedIn('meeting.not_found'),
  },
  'what a link that is open to everyone tells people who are not signed in': {
    path: 'meetings.publicByCode',
    input: ({ open }) => ({ code: open.code }),
    expected: everybody('ok'),
    check: (answer) => isDeepStrictEqual(answer, { title: 'Open', state: 'live' }),
  },
  'what a link that was never given out tells people who are not signed in': {
    path: 'meetings.publicByCode',
    input: ({ open }) => ({ code: open.code.slice(0, -1) + (open.code.endsWith('a') ? 'b' : 'a') }),
    expected: everybody('meeting.not_found'),
  },
  'joining by a link that is open to everyone': {
    path: 'meetings.join',
    spends: 'row',
    input: ({ open: { meetingId, code } }) => ({ meetingId, code, tab: newId<TabId>() }),
    expected: signedIn(),
  },
  'joining by a link for members': {
    path: 'meetings.join',
    spends: 'row',
    input: ({ meetingId, code }) => ({ meetingId, code, tab: newId<TabId>() }),
    expected: { ...everybody('meeting.forbidden'), ...locked, chatOwner: 'ok', moderator: 'ok', member: 'ok' },
  },
  'the scope of a meeting': {
    path: 'sync.scope',
    input: (cast) => ({ id: cast.meetingId, since: 0 }),
    expected: signedIn(),
    check: (answer, who) => {
      const { gone, rows } = answer as ScopeAnswer
      return gone === (who !== 'moderator') && (rows.seats?.length ?? 0) === (who === 'moderator' ? 2 : 0)
    },
  },
  'the state of a meeting': {
    path: 'sync.state',
    input: (cast) => ({ scopes: [[cast.meetingId, 0]] }),
    expected: signedIn(),
    check: (answer, who, cast) => {
      const found = (answer as StateAnswer).scopes.find(({ id }) => id === cast.meetingId)
      return found?.gone === (who !== 'moderator') && 'seats' in found.rows === (who === 'moderator')
    },
  },
}

const words = 'only for members of the group'

function mentionsMessages(answer: unknown): boolean {
  return JSON.stringify(answer).includes(words)
}

/** A group with its roles, people outside of it, a meeting, and rows for administrators to act upon. It needs a media node. */
export async function newMatrixCast(deps: Deps): Promise<MatrixCast> {
  const roles: ServerRole[] = ['owner', 'admin', ...Array<'member'>(8).fill('member')]
  const users = roles.map((role) => ({ role }))
  const everyone = await newUsers(deps, users)
  const person = () => everyone.shift()!
  const [serverOwner, admin] = [person(), person()]
  const inside = [person(), person(), person(), person(), person()] as const
  const [chatOwner, moderator, member, exMember, target] = inside
  const [otherUser, disabled, stranger] = [person(), person(), person()]
  const guest = await newUser(deps, { kind: 'guest' })
  const group = await newGroup(deps, [...inside, disabled])
  const owner = callerFor(deps, chatOwner)
  await owner.chats.setRole({ chatId: group, userId: moderator.userId, role: 'moderator' })
  const { seq: seqOfOwner } = await say(deps, chatOwner, group, words)
  const { seq: seqOfVoice } = await sendVoice(deps, chatOwner, group)
  await owner.chats.removeMember({ chatId: group, userId: exMember.userId })
  await callerFor(deps, serverOwner).admin.setDisabled({ userId: disabled.userId as UserId, disabled: true })
  const invite = await newInvite(deps)
  const mailId = await newMail(deps)
  await deps.db.updateTable('mails').set({ state: 'given_up' }).where('id', '=', mailId).execute()
  const { meetingId, code } = await owner.meetings.start({ id: newId(), chatId: group })
  for (const who of [moderator, target]) await callerFor(deps, who).meetings.join({ meetingId, tab: newId<TabId>() })
  const open = await callerFor(deps, stranger).meetings.create({ id: newId(), chatId: newId(), title: 'Open' })
  const contents = new Map<ActorName, ContentId>()
  for (const [who, person] of Object.entries({ chatOwner, moderator, member }))
    contents.set(who as ActorName, await newContent(deps, person))
  const people = { serverOwner, admin, chatOwner, moderator, member, exMember, otherUser, guest, disabled }
  return {
    people,
    group,
    target,
    stranger,
    inviteId: invite.id as InviteId,
    mailId,
    meetingId,
    code,
    contents,
    seqOfOwner,
    seqOfVoice,
    open,
  }
}
