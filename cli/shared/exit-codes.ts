/** What the process ends with. Each code has one meaning, so that scripts can act on it. */
export const EXIT = {
  ok: 0,
  /** Something failed: no such bucket, no credentials, access denied, a listing that broke off. */
  error: 1,
  /** The command line, or a file named on it, cannot be used. */
  usage: 2,
  /** Objects are missing, different or unproven. */
  differences: 3,
  /** No bucket, or more than one, qualifies as the truth. */
  ambiguous: 4,
  /** The buckets are no longer what the plan was made from. */
  stale: 5,
  /** A safety gate refused. */
  refused: 6,
  /** Some objects failed; run `apply` again to go on. */
  incomplete: 7,
  /** Stopped from outside, in a state that can be resumed. */
  interrupted: 75,
  /** Ctrl-C, in a state that can be resumed. */
  sigint: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The same, as the help texts show it. */
export const EXIT_CODES_HELP = `
Exit codes:
  0    done
  1    error: no such bucket, no credentials, access denied, a listing that failed
  2    usage: the command line, or a file named on it, cannot be used
  3    differences: objects are missing, different or unproven
  4    ambiguous: the buckets do not show which of them is the truth
  5    stale: the buckets are no longer what the plan was made from
  6    refused by a safety gate
  7    some objects failed; run apply again to go on
  75   interrupted, can be resumed
  130  Ctrl-C, can be resumed`;
