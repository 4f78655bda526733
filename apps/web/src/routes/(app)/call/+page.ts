import { redirect } from '@sveltejs/kit'

/** Somebody has cut the address of a call. */
export const load = () => redirect(307, '/meetings')
