/** What a chat shows of its calls. They are small, so they are one piece of code. */
export { default as CallCard } from '../CallCard.svelte'
export { default as JoinBanner } from '../JoinBanner.svelte'
