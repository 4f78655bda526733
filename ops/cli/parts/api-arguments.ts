/**
 * How Node starts the API. New objects get 8 megabytes before they are collected: with Node's own choice the API of 200 people takes 220
 * MB instead of 130, and it pauses no less (docs/performance.md).
 */
export const apiArguments = ['--max-semi-space-size=8', 'apps/api/src/main.ts']
