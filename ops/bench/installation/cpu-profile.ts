/** The environment in which a process of Node leaves a CPU profile in the folder when it ends. */
export function profiledEnvironment(folder: string | undefined): NodeJS.ProcessEnv {
  return folder === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${JSON.stringify(folder)}` }
}
