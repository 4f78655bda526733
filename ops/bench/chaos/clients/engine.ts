import { uploadFile } from '../../../../apps/web/src/lib/live/connection/upload.ts'
import { HeadlessClient, type HeadlessOptions } from '../../../../apps/web/src/lib/live/HeadlessClient.ts'
import { addFiles } from '../../../../apps/web/src/lib/live/outbox/send-files.ts'

/** The only import of the web app in the benches: its engine, the same code that runs in a tab. */
export { HeadlessClient as Engine, addFiles, uploadFile }

export type EngineApi = Parameters<NonNullable<HeadlessOptions['wrapApi']>>[0]
export type EngineEnvironment = NonNullable<HeadlessOptions['environment']>
export type EngineStore = HeadlessClient['live']['store']
