import { fileFeature } from '#lib/files/file-feature.ts'
import { callFeature } from '#lib/meetings/call-feature.ts'
import { pushFeature } from '#lib/push/push-feature.svelte.ts'
import type { Feature } from '#lib/signed-in/feature.ts'
import { appBadgeFeature } from './app-badge.svelte.ts'

/** What higher features add while somebody is signed in. A feature that comes later is one more entry. */
export const features: readonly Feature[] = [fileFeature, callFeature, pushFeature, appBadgeFeature]
