import { HeadlessClient, type HeadlessOptions } from '../../../apps/web/src/lib/live/headless.ts'

/** The one place where the benches touch the web app: its engine, the very code that runs in a tab. */
export { HeadlessClient as Engine }

export type EngineApi = Parameters<NonNullable<HeadlessOptions['through']>>[0]
export type EngineWorld = NonNullable<HeadlessOptions['world']>
export type EngineStore = HeadlessClient['live']['store']
