/** A file cannot be read, or is too much for us: trying it again would not help. */
export class PreviewRefused extends Error {}

/** The program that reads such files is not installed. */
export class ToolMissing extends Error {}

/** Time, memory or output ran out. That may be the fault of a busy machine. */
export class LimitExceeded extends Error {}
