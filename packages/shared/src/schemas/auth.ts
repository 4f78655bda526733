import { z } from 'zod'
import { askedToken, email, handle, locale, name, password, sessionId, token } from './fields.ts'

const given = z.string().max(1000)

export const signIn = z.strictObject({ email: given, password: given })
export const signUp = z.strictObject({ token, name, email, password, locale })
export const byToken = z.strictObject({ token: askedToken })
export const setUp = z.strictObject({ token, name, email, password, locale })
export const recover = z.strictObject({ token, password })
export const requestReset = z.strictObject({ email, locale })
export const reset = z.strictObject({ email, code: z.string().regex(/^\d{6}$/), password })
export const changePassword = z.strictObject({ current: given, next: password })
export const signOutSession = z.strictObject({ sessionId })
export const updateProfile = z.strictObject({ name: name.optional(), handle: handle.optional() })
export const updateSettings = z.strictObject({
  locale: locale.optional(),
  theme: z.enum(['system', 'light', 'dark']).optional(),
  contrast: z.enum(['system', 'more']).optional(),
  singleKeys: z.boolean().optional(),
})

export type SignIn = z.output<typeof signIn>
export type SignUp = z.output<typeof signUp>
export type SetUp = z.output<typeof setUp>
export type Recover = z.output<typeof recover>
export type RequestReset = z.output<typeof requestReset>
export type Reset = z.output<typeof reset>
export type ChangePassword = z.output<typeof changePassword>
export type UpdateProfile = z.output<typeof updateProfile>
export type UpdateSettings = z.output<typeof updateSettings>
