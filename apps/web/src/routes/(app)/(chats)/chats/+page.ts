import { redirect } from '@sveltejs/kit'

/** Somebody has cut the address of a chat. */
export const load = () => redirect(307, '/')
