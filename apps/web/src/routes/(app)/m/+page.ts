import { redirect } from '@sveltejs/kit'

/** Somebody has cut a meeting link. */
export const load = () => redirect(307, '/meetings')
