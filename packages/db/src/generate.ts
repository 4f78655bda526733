import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { migrate } from './migrate.ts'

// Writes types.gen.ts from a migrated database; with --check it only compares, and fails when they differ.

/** What the schema cannot say: which kind of id a column holds, and which words a text column may hold. */
const columns = {
  'chats.created_by': 'UserId',
  'chats.id': 'ChatId',
  'chats.kind': "'direct' | 'group'",
  'chats.live_meeting_id': 'MeetingId | null',
  'chats.pair': '[UserId, UserId] | null',
  'avatars.id': 'AvatarId',
  'chats.avatar_id': 'AvatarId | null',
  'users.avatar_id': 'AvatarId | null',
  'listened.chat_id': 'ChatId',
  'listened.user_id': 'UserId',
  'attendances.meeting_id': 'MeetingId',
  'attendances.seat_id': 'SeatId',
  'attendances.user_id': 'UserId',
  'invites.created_by': 'UserId',
  'invites.id': 'InviteId',
  'invites.role': "'member' | 'admin'",
  'mails.id': 'MailId',
  'mails.locale': "'ru' | 'en'",
  'mails.state': "Generated<'due' | 'done' | 'given_up' | 'discarded'>",
  'meetings.chat_id': 'ChatId',
  'meetings.id': 'MeetingId',
  'meetings.node_boot': 'BootId | null',
  'meetings.node_id': 'NodeId | null',
  'meetings.open_to': "Generated<'members' | 'everyone'>",
  'meetings.started_by': 'UserId',
  'meetings.state': "'live' | 'ended'",
  'members.chat_id': 'ChatId',
  'members.notify': "Generated<'all' | 'none'>",
  'members.role': 'ChatRole',
  'members.user_id': 'UserId',
  'messages.author_id': 'UserId',
  'messages.client_id': 'ClientId | null',
  'messages.chat_id': 'ChatId',
  'messages.call': 'ColumnType<CallCard | null, string | null, string | null>',
  'contents.id': 'ContentId',
  'contents.owner_id': 'UserId',
  'content_sums.owner_id': 'UserId',
  'files.chat_id': 'ChatId',
  'files.content_id': 'ContentId',
  'upload_parts.content_id': 'ContentId',
  'files.id': 'FileId',
  'files.kind': "Generated<'media' | 'file' | 'voice'>",
  'messages.kind': "'text' | 'system' | 'call' | 'file' | 'voice'",
  'messages.system': 'ColumnType<SystemEvent | null, string | null, string | null>',
  'previews.id': 'ContentId',
  'previews.owner_id': 'Generated<UserId>',
  'previews.kind': "Generated<'picture' | 'media'>",
  'renditions.id': 'ContentId',
  'renditions.owner_id': 'Generated<UserId>',
  'renditions.state': "Generated<'due' | 'done' | 'given_up' | 'discarded'>",
  'previews.state': "Generated<'due' | 'done' | 'given_up' | 'discarded'>",
  'scopes.kind': 'ScopeKind',
  'seats.capabilities': 'Capability[]',
  'seats.id': 'SeatId',
  'seats.meeting_id': 'MeetingId',
  'seats.session_id': 'SessionId',
  'seats.state': "'in' | 'away' | 'left' | 'removed'",
  'seats.tab': 'TabId',
  'seats.user_id': 'UserId',
  'sessions.id': 'SessionId',
  'sessions.user_id': 'UserId',
  'sfu_nodes.boot_id': 'BootId',
  'sfu_nodes.dead_boot': 'BootId | null',
  'sfu_nodes.id': 'NodeId',
  'user_settings.contrast': "Generated<'system' | 'more'>",
  'user_settings.theme': "Generated<'system' | 'light' | 'dark'>",
  'user_settings.user_id': 'UserId',
  'users.id': 'UserId',
  'users.kind': "Generated<'person' | 'guest'>",
  'users.role': 'ServerRole',
}

const ids = [
  'AvatarId',
  'BootId',
  'ClientId',
  'ChatId',
  'ContentId',
  'FileId',
  'InviteId',
  'MailId',
  'MeetingId',
  'NodeId',
  'SeatId',
  'SessionId',
  'TabId',
  'UserId',
]

const customImports = {
  ...Object.fromEntries(ids.map((id) => [id, `@veche/shared/ids#${id}`])),
  CallCard: '@veche/shared/rows/rows#CallCard',
  Capability: '@veche/shared/permissions#Capability',
  ChatRole: '@veche/shared/permissions#ChatRole',
  ServerRole: '@veche/shared/permissions#ServerRole',
  ScopeKind: '@veche/shared/rows/rows#ScopeKind',
  SystemEvent: '@veche/shared/rows/rows#SystemEvent',
}

const url = process.env['DATABASE_URL']
if (!url) throw new Error('DATABASE_URL says which database to read; it is migrated first')
await migrate(url)

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const options = {
  dialect: 'postgres',
  url,
  'out-file': here('types.gen.ts'),
  'exclude-pattern': 'kysely_*',
  'type-mapping': JSON.stringify({ int8: 'number' }),
  overrides: JSON.stringify({ columns }),
  'custom-imports': JSON.stringify(customImports),
}
const cli = here('../node_modules/kysely-codegen/dist/cli/bin.js')
const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
const check = process.argv.includes('--check')
try {
  await promisify(execFile)(process.execPath, [cli, ...args, ...(check ? ['--verify'] : [])])
} catch (error) {
  if (!check || !String((error as { stderr?: string }).stderr).includes('not up-to-date')) throw error
  console.error(
    'types.gen.ts is not what the migrations make of a database. Write it anew: ./veche check --write generated',
  )
  process.exitCode = 1
}
