/** Exit codes of the command, as `baton help` lists them. */
export const exitCodes = {
  /** The run succeeded; the files have no errors. */
  ok: 0,
  /** The run failed; a file has errors. */
  failed: 1,
  /** The command line or the inputs are wrong, or Baton can't run here. */
  usage: 2,
  /** The run waits for a person, and nobody is at the terminal to decide. */
  waiting: 3,
  /** The run was cancelled. */
  cancelled: 4,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
