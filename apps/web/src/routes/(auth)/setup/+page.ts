import { redirect } from '@sveltejs/kit'

/** Somebody has cut the one-time link of an installation. */
export const load = () => redirect(307, '/')
