import type { Aws } from './aws/clients';
import type { ExitCode } from './exit-codes';
import type { Reporter } from './reporters/reporter';

/** What every command is given, apart from its own options. */
export interface Context {
  readonly aws: Aws;
  /** Aborted by Ctrl-C or SIGTERM: stop soon, in a state that can be resumed. */
  readonly signal: AbortSignal;
  readonly report: Reporter;
  /** Asks a person to type a name. Undefined where nobody can be asked (no TTY, or `--json`). */
  readonly ask: ((question: string) => Promise<string>) | undefined;
}

/** What every command gives back. Only the entry prints it and exits. */
export interface Outcome {
  readonly exitCode: ExitCode;
  /** The result for programs: the last NDJSON event under `--json`. */
  readonly data: object;
  /** The result for people. */
  readonly text: string;
}
