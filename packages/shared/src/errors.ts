/** Every error that a client can get. The web app has one sentence for each, in each language. */
export const errorCodes = [
  'input.invalid',
  'request.foreign_origin',
  'request.too_many',
  'request.too_large',
  'request.too_slow',
  'auth.required',
  'auth.admin_required',
  'auth.guest_forbidden',
  'auth.other_person',
  'auth.https_required',
  'auth.wrong_credentials',
  'auth.wrong_code',
  'auth.password_common',
  'auth.email_taken',
  'auth.handle_taken',
  'auth.link_invalid',
  'auth.invite_invalid',
  'auth.invite_other_email',
  'user.not_found',
  'user.last_owner',
  'user.forbidden',
  'chat.not_found',
  'chat.forbidden',
  'chat.owner_must_hand_over',
  'chat.full',
  'chat.too_many_added',
  'chat.id_taken',
  'meeting.not_found',
  'meeting.forbidden',
  'meeting.ended',
  'meeting.full',
  'meeting.no_node',
  'meeting.id_taken',
  'meeting.seat_taken',
  'meeting.not_seated',
  'call.ticket_invalid',
  'call.not_joined',
  'call.resume_invalid',
  'call.forbidden',
  'call.limit',
  'call.media_refused',
  'call.media_lost',
  'call.timeout',
  'call.ended',
  'message.conflict',
  'message.client_id_expired',
  'message.too_long',
  'message.empty',
  'message.not_found',
  'file.not_found',
  'file.too_large',
  'file.quota_full',
  'file.storage_full',
  'file.disk_full',
  'file.unavailable',
  'file.too_many_unsent',
  'file.incomplete',
  'file.unreadable',
  'file.device_full',
  'avatar.not_found',
  'avatar.unreadable',
  'scope.not_found',
  'invite.not_found',
  'work.not_found',
  'version.too_old',
  'server.busy',
  'server.unavailable',
  'server.disk_full',
  'server.error',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** A failed answer carries it as `error.data.veche` in tRPC and as the body of an HTTP route. */
export type WireError = {
  code: ErrorCode
  retryAfterSeconds?: number
  fields?: string[]
  incident?: string
  /** Which limit of files was reached. */
  bytes?: LimitBytes
}

/** A limit of files in bytes, and how much of it is taken. */
export type LimitBytes = { used: number; max: number }
