import { HeadlessClient, type HeadlessOptions } from '../../../apps/web/src/lib/live/HeadlessClient.ts'

/** The one place where the benches touch the web app: its engine, the very code that runs in a tab. */
export { HeadlessClient as Engine }

export type EngineApi = Parameters<NonNullable<HeadlessOptions['wrapApi']>>[0]
export type EngineEnvironment = NonNullable<HeadlessOptions['environment']>
export type EngineStore = HeadlessClient['live']['store']
