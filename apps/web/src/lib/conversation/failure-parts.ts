/** What a conversation shows when something is slow or has failed. They are small and rare, so they are one piece of code. */
export { default as InlineError } from '#lib/api/InlineError.svelte'
export { default as PageStatus } from './history/PageStatus.svelte'
export { default as SendFailure } from './message/SendFailure.svelte'
