/** Every error a person can meet. The web app has one sentence for each, in each language. */
export const errorCodes = [
  'input.invalid',
  'request.foreign_origin',
  'request.too_many',
  'request.too_large',
  'auth.required',
  'auth.admin_required',
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
  'dialog.not_found',
  'dialog.forbidden',
  'dialog.owner_must_hand_over',
  'dialog.full',
  'dialog.id_taken',
  'message.conflict',
  'message.client_id_expired',
  'message.too_long',
  'message.empty',
  'scope.not_found',
  'invite.not_found',
  'mail.not_found',
  'server.busy',
  'server.unavailable',
  'server.disk_full',
  'server.error',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** What travels with a failed answer, as `error.data.veche` of tRPC and as the body of plain HTTP doors. */
export type WireError = { code: ErrorCode; retryAfter?: number; fields?: string[]; incident?: string }
